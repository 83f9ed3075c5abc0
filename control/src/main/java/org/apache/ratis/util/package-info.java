/** What Trefoil has in place of classes of Ratis. */
package org.apache.ratis.util;
