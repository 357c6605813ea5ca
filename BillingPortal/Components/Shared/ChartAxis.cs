namespace BillingPortal.Components.Shared;

/// <summary>The marks of a vertical axis that starts at zero: few, round, and the last one above every value.</summary>
public static class ChartAxis
{
    private const int MostMarks = 5;

    /// <summary>From zero up; at least two.</summary>
    /// <param name="maximum">The largest value to fit, not below zero.</param>
    public static IReadOnlyList<decimal> Marks(decimal maximum)
    {
        var step = StepOf(maximum);
        var marks = new List<decimal> { 0 };
        do
        {
            marks.Add(marks[^1] + step);
        }
        while (marks[^1] < maximum);
        return marks;
    }

    // 1, 2 or 5 times a power of ten, so that people can count along.
    private static decimal StepOf(decimal maximum)
    {
        var wanted = maximum / MostMarks;
        var power = 1m;
        while (power < wanted)
        {
            power *= 10;
        }

        while (power / 10 >= wanted && power > 0.000001m)
        {
            power /= 10;
        }

        return wanted switch
        {
            0 => 1,
            _ when power / 5 >= wanted => power / 5,
            _ when power / 2 >= wanted => power / 2,
            _ => power,
        };
    }
}
