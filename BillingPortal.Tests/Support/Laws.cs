using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace BillingPortal.Tests.Support;

/// <summary>States laws: what holds for every value of a kind. A breach shows the case found, the smallest one it shrinks to, and the seed to find it again.</summary>
internal static class Laws
{
    private const int Cases = 5_000;

    public static void Hold<T>(Arbitrary<T> any, Action<T> law, int cases = Cases) => Check(Prop.ForAll(any, law), cases);

    public static void Hold<T1, T2>(Arbitrary<T1> first, Arbitrary<T2> second, Action<T1, T2> law, int cases = Cases) =>
        Check(Prop.ForAll(first, second, law), cases);

    public static void Hold<T1, T2, T3>(Arbitrary<T1> first, Arbitrary<T2> second, Arbitrary<T3> third, Action<T1, T2, T3> law, int cases = Cases) =>
        Check(Prop.ForAll(first, second, third, law), cases);

    private static void Check(Property law, int cases) => law.Check(Config.QuickThrowOnFailure.WithMaxTest(cases).WithQuietOnSuccess(true));
}

/// <summary>Generates whole numbers for laws.</summary>
internal static class Numbers
{
    /// <summary>Numbers of every magnitude between two bounds, the bounds themselves often; they shrink towards zero, or the bound nearest to it.</summary>
    public static Arbitrary<long> Between(long minimum, long maximum)
    {
        var origin = Math.Clamp(0, minimum, maximum);
        var bits = Gen.Choose(0, int.MaxValue);
        var any =
            from high in bits
            from low in bits
            from lowest in bits
            from shift in Gen.Choose(0, 63)
            from up in Gen.Choose(0, 1)
            let magnitude = (((ulong)high << 33) ^ ((ulong)low << 16) ^ (ulong)lowest) >> shift
            select Place(magnitude, up == 1);
        var edges = Gen.Elements(minimum, maximum, origin);
        return Arb.From(Gen.Frequency((12, any), (1, edges)), Shrink);

        long Place(ulong magnitude, bool up)
        {
            var room = up ? (Int128)maximum - origin : (Int128)origin - minimum;
            var distance = (Int128)magnitude % (room + 1);
            return (long)(up ? origin + distance : origin - distance);
        }

        IEnumerable<long> Shrink(long value)
        {
            if (value == origin)
            {
                yield break;
            }

            yield return origin;
            var half = (long)(((Int128)origin + value) / 2);
            if (half != value && half != origin)
            {
                yield return half;
            }

            yield return value > origin ? value - 1 : value + 1;
        }
    }

    /// <summary>Several numbers, each of its own kind; each shrinks alone, and a breach prints them by name.</summary>
    public static Arbitrary<Row> RowOf(params (string Name, Arbitrary<long> Kind)[] columns)
    {
        string[] names = [.. columns.Select(column => column.Name)];
        var any = Gen.CollectToArray(columns.Select(column => column.Kind.Generator)).Select(values => new Row(names, values));
        return Arb.From(any, row =>
            from index in Enumerable.Range(0, columns.Length)
            from smaller in columns[index].Kind.Shrinker(row[index])
            select row.With(index, smaller));
    }

    /// <summary>Numbers with names.</summary>
    internal sealed class Row(string[] names, long[] values)
    {
        public long this[int index] => values[index];

        public Row With(int index, long value)
        {
            var copy = (long[])values.Clone();
            copy[index] = value;
            return new Row(names, copy);
        }

        public override string ToString() =>
            string.Join(", ", names.Zip(values, (name, value) => string.Create(CultureInfo.InvariantCulture, $"{name} {value}")));
    }
}
