package io.trefoil.check;

import java.util.Optional;

/**
 * A key that holds a string or nothing: a register, a counter, a text that grows, and a value that
 * is compared and set, and that may expire, as Redis' strings are.
 */
public final class StringModel implements Model<Optional<String>> {
  private static final int MAX_DIGITS = 18;

  @Override
  public Optional<String> initial() {
    return Optional.empty();
  }

  @Override
  public Optional<String> after(Optional<String> state, Call call) {
    return switch (call.kind()) {
      case GET -> state;
      case SET -> Optional.of(call.argument());
      case APPEND -> Optional.of(state.orElse("") + call.argument());
      case INCREMENT -> isNumber(state) ? Optional.of(incremented(state)) : state;
      case COMPARE_AND_SET -> matches(state, call) ? Optional.of(call.argument()) : state;
      case DELETE -> Optional.empty();
      case EXPIRE -> state.filter(value -> !value.startsWith(call.argument()));
      default -> throw new IllegalArgumentException("nobody asks a string to " + call);
    };
  }

  @Override
  public String result(Optional<String> state, Call call) {
    return switch (call.kind()) {
      case GET -> state.orElse(null);
      case SET -> "OK";
      case APPEND -> Integer.toString(state.orElse("").length() + call.argument().length());
      case INCREMENT -> isNumber(state) ? incremented(state) : "ERR";
      case COMPARE_AND_SET -> matches(state, call) ? "1" : "0";
      case DELETE -> state.isPresent() ? "1" : "0";
      case EXPIRE -> "OK";
      default -> throw new IllegalArgumentException("nobody asks a string to " + call);
    };
  }

  private static boolean isNumber(Optional<String> state) {
    String text = state.orElse("0");
    int digits = text.startsWith("-") ? 1 : 0;
    boolean number = text.length() > digits && text.length() - digits <= MAX_DIGITS;
    for (int i = digits; number && i < text.length(); i++) {
      number = text.charAt(i) >= '0' && text.charAt(i) <= '9';
    }
    return number;
  }

  private static String incremented(Optional<String> state) {
    return Long.toString(Long.parseLong(state.orElse("0")) + 1);
  }

  private static boolean matches(Optional<String> state, Call call) {
    return state.equals(Optional.ofNullable(call.expected()));
  }
}
