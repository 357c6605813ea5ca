using System.Net;
using System.Text.RegularExpressions;
using Cookie = System.Net.Cookie;

namespace BillingPortal.Benchmarks;

/// <summary>Somebody with a browser's cookies: nobody known, or signed in through the form.</summary>
internal sealed partial class Visitor : IDisposable
{
    private Visitor(Uri address) => Client = new HttpClient(new SocketsHttpHandler { CookieContainer = Cookies, AllowAutoRedirect = false }) { BaseAddress = address };

    public CookieContainer Cookies { get; } = new();

    public HttpClient Client { get; }

    public static Visitor Unknown(Uri address)
    {
        var visitor = new Visitor(address);
        // What a browser tells with its second page.
        visitor.Cookies.Add(address, new Cookie("zone", "UTC"));
        return visitor;
    }

    public static async Task<Visitor> SignInAsync(Uri address, string email, string password)
    {
        var visitor = Unknown(address);
        var page = await visitor.Client.GetStringAsync("/Account/Login");
        var form = Forms().Matches(page).Single(match => match.Value.Contains("id=\"password\"", StringComparison.Ordinal)).Value;
        var fields = HiddenFields().Matches(form).ToDictionary(field => field.Groups["name"].Value, field => WebUtility.HtmlDecode(field.Groups["value"].Value));
        fields["Input.Email"] = email;
        fields["Input.Password"] = password;
        using var content = new FormUrlEncodedContent(fields);
        using var answer = await visitor.Client.PostAsync("/Account/Login", content);
        return (int)answer.StatusCode is >= 300 and < 400 ? visitor : throw new InvalidOperationException($"{email} could not sign in: {answer.StatusCode}.");
    }

    public void Dispose() => Client.Dispose();

    [GeneratedRegex("<form.*?</form>", RegexOptions.Singleline)]
    private static partial Regex Forms();

    [GeneratedRegex("<input type=\"hidden\" name=\"(?<name>[^\"]*)\" value=\"(?<value>[^\"]*)\"")]
    private static partial Regex HiddenFields();
}
