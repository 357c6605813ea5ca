using System.Globalization;
using System.Text;

namespace BillingPortal.Payments.Stripe;

/// <summary>Parameters of a request, named as Stripe's API names them: <c>line_items[0][quantity]</c>. What is null is left out.</summary>
internal sealed class StripeForm
{
    private readonly List<KeyValuePair<string, string>> fields = [];

    public StripeForm Add(string name, string? value)
    {
        if (value is not null)
        {
            fields.Add(new(name, value));
        }

        return this;
    }

    public StripeForm Add(string name, long value) => Add(name, value.ToString(CultureInfo.InvariantCulture));

    public StripeForm Add(string name, bool value) => Add(name, value ? "true" : "false");

    public StripeForm Add(string name, DateTimeOffset instant) => Add(name, instant.ToUnixTimeSeconds());

    public HttpContent ToContent() => new FormUrlEncodedContent(fields);

    /// <summary>A path with these parameters as its query.</summary>
    public string ToQuery(string path)
    {
        var query = new StringBuilder(path);
        foreach (var (index, (name, value)) in fields.Index())
        {
            query.Append(index == 0 ? '?' : '&').Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
        }

        return query.ToString();
    }
}
