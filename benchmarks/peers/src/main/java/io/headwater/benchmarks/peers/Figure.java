package io.headwater.benchmarks.peers;

import java.util.Arrays;
import java.util.Locale;

/**
 * One line of the outcome.
 *
 * @param name what was measured
 * @param unit of ours and theirs
 * @param ours the median of our runs
 * @param theirs the median of the other's, NaN where there is no other
 * @param measured what the target speaks of: a ratio, or ours itself
 * @param bound at least or at most
 * @param target NaN: for information
 */
record Figure(String name, String unit, double ours, double theirs, double measured, Bound bound, double target) {

    /** How a target is meant. */
    enum Bound {
        AT_LEAST("≥"),
        AT_MOST("≤"),
        NONE("");

        private final String sign;

        Bound(String sign) {
            this.sign = sign;
        }
    }

    static Figure ratio(String name, String unit, double[] ours, double[] theirs, Bound bound, double target) {
        double[] ratios = new double[ours.length];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = ours[i] / theirs[i];
        }
        return new Figure(name, unit, median(ours), median(theirs), median(ratios), bound, target);
    }

    static Figure plain(String name, String unit, double[] ours, Bound bound, double target) {
        return new Figure(name, unit, median(ours), Double.NaN, median(ours), bound, target);
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    boolean isRatio() {
        return !Double.isNaN(theirs);
    }

    String verdict() {
        return switch (bound) {
            case AT_LEAST -> measured >= target ? "pass" : "MISS";
            case AT_MOST -> measured <= target ? "pass" : "MISS";
            case NONE -> "";
        };
    }

    String targetText() {
        return bound == Bound.NONE ? "" : bound.sign + " " + number(target) + (isRatio() ? " ×" : " " + unit);
    }

    String measuredText() {
        return number(measured) + (isRatio() ? " ×" : " " + unit);
    }

    static String number(double value) {
        if (Double.isNaN(value)) {
            return "";
        }
        double size = Math.abs(value);
        String format = size >= 1000 ? "%,.0f" : size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f";
        return String.format(Locale.ROOT, format, value);
    }
}
