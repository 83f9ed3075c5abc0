# Draws what bench/soak wrote: the variables 'folder', 'picture' and 'minutes' are given with -e.
set terminal svg size 1000,1100 font 'sans-serif,12' background 'white'
set output picture
set datafile separator ','
set multiplot layout 5,1
set lmargin 12
set rmargin 12
set key outside right top vertical
set grid
set xrange [0:minutes]
set yrange [0:*]
unset xlabel
at(x) = x / 60.0
set ylabel 'commands/s'
plot folder.'/load.csv' using (at($1)):2 every ::1 with lines lc rgb '#1b6ca8' title 'all'
set ylabel 'ms of a batch'
set logscale y
set yrange [1:*]
plot folder.'/load.csv' using (at($1)):3 every ::1 with lines lc rgb '#1b6ca8' title 'p50', \
     '' using (at($1)):4 every ::1 with lines lc rgb '#d1495b' title 'p99'
unset logscale y
set yrange [0:*]
nodes = 'n1 n2 n3'
array colours[3] = ['#1b6ca8', '#d1495b', '#66a182']
set ylabel 'resident MB'
plot for [i=1:3] folder.'/'.word(nodes, i).'.csv' using (at($1)):2 every ::1 with lines lc rgb colours[i] title word(nodes, i)
set ylabel 'disk MB'
plot for [i=1:3] folder.'/'.word(nodes, i).'.csv' using (at($1)):3 every ::1 with lines lc rgb colours[i] title word(nodes, i)
set ylabel 'file handles'
set xlabel 'minutes'
plot for [i=1:3] folder.'/'.word(nodes, i).'.csv' using (at($1)):4 every ::1 with lines lc rgb colours[i] title word(nodes, i)
unset multiplot
