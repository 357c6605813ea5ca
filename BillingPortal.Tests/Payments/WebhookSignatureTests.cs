using System.Text;
using BillingPortal.Payments;

namespace BillingPortal.Tests.Payments;

public sealed class WebhookSignatureTests
{
    private const string Secret = "whsec_one";

    private static readonly DateTimeOffset Now = new(2026, 6, 16, 12, 0, 0, TimeSpan.Zero);
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"id":"evt_1"}""");

    private static readonly string Genuine = WebhookSignature.Sign(Secret, Body, Now);
    private static readonly string Time = $"t={Now.ToUnixTimeSeconds()}";
    private static readonly string V1 = Genuine.Split(',')[1];

    [Fact]
    public void The_signature_is_the_one_that_any_hmac_tool_computes()
    {
        // printf '1492774577.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_one
        var signature = WebhookSignature.Sign(Secret, Body, DateTimeOffset.FromUnixTimeSeconds(1492774577));

        Assert.Equal("t=1492774577,v1=7a2c447e7840ce3b2d30a7788c3d53bec4543daedf625041d5adb586a7dfca22", signature);
    }

    [Fact]
    public void A_genuine_signature_is_accepted() => Assert.True(Verify(Genuine));

    [Fact]
    public void Any_of_several_secrets_and_any_of_several_signatures_may_be_the_one()
    {
        var rolled = $"{Time},{WebhookSignature.Sign("whsec_new", Body, Now).Split(',')[1]},{V1}";

        Assert.True(Verify(rolled));
        Assert.True(WebhookSignature.Verify(["whsec_other", Secret], Body, Genuine, Now));
    }

    [Theory]
    [InlineData(-300, true)]
    [InlineData(-301, false)]
    [InlineData(300, true)]
    [InlineData(301, false)]
    public void A_signature_is_good_for_five_minutes_either_way(int seconds, bool accepted) =>
        Assert.Equal(accepted, Verify(WebhookSignature.Sign(Secret, Body, Now.AddSeconds(seconds))));

    [Fact]
    public void A_changed_body_is_refused() => Assert.False(WebhookSignature.Verify([Secret], [.. Body, (byte)' '], Genuine, Now));

    [Fact]
    public void A_signature_by_another_secret_is_refused() => Assert.False(Verify(WebhookSignature.Sign("whsec_two", Body, Now)));

    [Fact]
    public void No_secret_accepts_nothing() => Assert.False(WebhookSignature.Verify([], Body, Genuine, Now));

    [Theory]
    [MemberData(nameof(Malformed))]
    public void What_is_not_a_signature_is_refused(string header) => Assert.False(Verify(header));

    [Fact]
    public void No_header_is_refused() => Assert.False(Verify(null));

    public static TheoryData<string> Malformed =>
    [
        "",
        "garbage",
        "t=,v1=",
        Time,
        V1,
        $"{Time},{V1[..^2]}",
        $"{Time},{V1}00",
        $"{Time},v1={new string('z', 64)}",
        $"{Time},v0={V1[3..]}",
        $"t=-1,{V1}",
        $"t=99999999999999999999,{V1}",
        $"t=1e3,{V1}",
        $"{Time};{V1}",
        $"T={Time[2..]},{V1}",
        new string(',', 10_000),
    ];

    private static bool Verify(string? header) => WebhookSignature.Verify([Secret], Body, header, Now);
}
