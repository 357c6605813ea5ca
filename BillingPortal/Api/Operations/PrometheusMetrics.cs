using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace BillingPortal.Api.Operations;

/// <summary>Listens to the program's own meters and writes them as Prometheus reads them (text format 0.0.4).</summary>
internal sealed class PrometheusMetrics : IDisposable
{
    /// <summary>Series kept of one instrument; what comes after is left out, so that no tag can fill the memory.</summary>
    public const int SeriesLimit = 2_000;

    private static readonly double[] DefaultBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly MeterListener listener = new();
    private readonly ConcurrentDictionary<Instrument, Series> instruments = new();

    public PrometheusMetrics()
    {
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (Telemetry.Tells(instrument.Meter.Name))
            {
                self.EnableMeasurementEvents(instrument, instruments.GetOrAdd(instrument, key => new Series(key)));
            }
        };
        listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => ((Series)state!).Add(value, tags));
        listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => ((Series)state!).Add(value, tags));
        listener.SetMeasurementEventCallback<float>(static (_, value, tags, state) => ((Series)state!).Add(value, tags));
        listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => ((Series)state!).Add(value, tags));
        listener.Start();
    }

    public string Write()
    {
        listener.RecordObservableInstruments();
        var text = new StringBuilder();
        foreach (var series in instruments.Values.OrderBy(series => series.Name, StringComparer.Ordinal))
        {
            series.Write(text);
        }

        return text.ToString();
    }

    public void Dispose() => listener.Dispose();

    /// <summary>An instrument with what was measured under each combination of its tags.</summary>
    private sealed class Series
    {
        private readonly ConcurrentDictionary<string, Sample> samples = new(StringComparer.Ordinal);
        private readonly Instrument instrument;
        private readonly double[]? bounds;
        private readonly bool replaces;
        private readonly string type;

        public Series(Instrument instrument)
        {
            this.instrument = instrument;
            var kind = instrument.GetType().GetGenericTypeDefinition();
            bounds = kind == typeof(Histogram<>) ? BoundsOf(instrument) : null;
            replaces = instrument.IsObservable || kind == typeof(Gauge<>);
            var isCounter = kind == typeof(Counter<>) || kind == typeof(ObservableCounter<>);
            type = bounds is not null ? "histogram" : isCounter ? "counter" : "gauge";
            Name = NameOf(instrument) + (isCounter ? "_total" : "");
        }

        public string Name { get; }

        public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var labels = Labels(tags);
            if (!samples.TryGetValue(labels, out var sample))
            {
                if (samples.Count >= SeriesLimit)
                {
                    return;
                }

                sample = samples.GetOrAdd(labels, _ => new Sample(bounds));
            }

            sample.Add(value, replaces);
        }

        public void Write(StringBuilder text)
        {
            if (samples.IsEmpty)
            {
                return;
            }

            text.Append("# HELP ").Append(Name).Append(' ').Append((instrument.Description ?? "").ReplaceLineEndings(" ")).Append('\n');
            text.Append("# TYPE ").Append(Name).Append(' ').Append(type).Append('\n');
            foreach (var (labels, sample) in samples.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                sample.Write(text, Name, labels);
            }
        }

        private static double[] BoundsOf(Instrument instrument) => instrument switch
        {
            Histogram<double> { Advice.HistogramBucketBoundaries: { } advised } => [.. advised],
            Histogram<long> { Advice.HistogramBucketBoundaries: { } advised } => [.. advised.Select(bound => (double)bound)],
            _ => DefaultBounds,
        };

        private static string NameOf(Instrument instrument)
        {
            var name = string.Concat(instrument.Name.Select(character => char.IsAsciiLetterOrDigit(character) ? character : '_'));
            return instrument.Unit switch
            {
                "s" => $"{name}_seconds",
                "By" => $"{name}_bytes",
                _ => name,
            };
        }

        private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (tags.IsEmpty)
            {
                return "";
            }

            var text = new StringBuilder();
            foreach (var (key, value) in tags)
            {
                text.Append(text.Length == 0 ? "" : ",");
                text.AppendJoin("", key.Select(character => char.IsAsciiLetterOrDigit(character) ? character : '_'));
                text.Append("=\"").Append(Escape(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")).Append('"');
            }

            return text.ToString();
        }

        private static string Escape(string value) =>
            value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
    }

    private sealed class Sample(double[]? bounds)
    {
        private readonly Lock gate = new();
        private readonly long[] buckets = new long[(bounds?.Length ?? 0) + 1];
        private double sum;

        public void Add(double value, bool replaces)
        {
            lock (gate)
            {
                sum = replaces ? value : sum + value;
                if (bounds is not null)
                {
                    var index = Array.BinarySearch(bounds, value);
                    buckets[index < 0 ? ~index : index]++;
                }
            }
        }

        public void Write(StringBuilder text, string name, string labels)
        {
            lock (gate)
            {
                if (bounds is null)
                {
                    Line(text, name, labels, sum);
                    return;
                }

                var total = 0L;
                for (var i = 0; i < buckets.Length; i++)
                {
                    total += buckets[i];
                    var bound = i < bounds.Length ? bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
                    Line(text, $"{name}_bucket", $"{labels}{(labels.Length == 0 ? "" : ",")}le=\"{bound}\"", total);
                }

                Line(text, $"{name}_sum", labels, sum);
                Line(text, $"{name}_count", labels, total);
            }
        }

        private static void Line(StringBuilder text, string name, string labels, double value)
        {
            text.Append(name);
            if (labels.Length > 0)
            {
                text.Append('{').Append(labels).Append('}');
            }

            text.Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
        }
    }
}
