using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;

namespace BillingPortal.Tests.Metering;

public sealed class UsageSpikeTests
{
    private static readonly DateOnly Tuesday = new(2026, 3, 3);
    private static readonly DayRange Week = new(Tuesday.AddDays(-6), Tuesday);

    [Fact]
    public void A_day_far_above_its_like_is_named_with_the_operation_and_the_key_behind_it()
    {
        List<UsageDayRow> rows = [.. Usual(8), Row(Tuesday, "chat", "web", 110), Row(Tuesday, "image_to_html", "ci-prod", 400)];

        Assert.Equal(new UsageSpike(Tuesday, Whole(510), Whole(150), "image_to_html", "ci-prod"), UsageSpike.Find(rows, Week, CreditTypes.Credits));
    }

    [Fact]
    public void What_is_usual_is_the_middle_half_of_the_like_days() =>
        Assert.Equal(
            [KeyValuePair.Create(Tuesday, new UsualDay(Whole(100), Whole(100), Whole(150)))],
            UsageSpike.Usual([.. Usual(4), Row(Tuesday, "chat", "web", 9_000)], Week, CreditTypes.Credits));

    [Fact]
    public void What_grew_is_named_and_not_what_is_always_large()
    {
        List<UsageDayRow> rows = [.. Usual(8), Row(Tuesday, "chat", "web", 130), Row(Tuesday, "figma_export", null, 120)];

        var spike = UsageSpike.Find(rows, Week, CreditTypes.Credits);

        Assert.Equal(("figma_export", null), (spike!.Operation, spike.KeyId));
    }

    [Fact]
    public void Half_as_much_again_as_the_highest_is_still_usual() =>
        Assert.Null(UsageSpike.Find([.. Usual(8), Row(Tuesday, "chat", "web", 225)], Week, CreditTypes.Credits));

    [Fact]
    public void With_few_days_to_compare_with_nothing_is_unusual() =>
        Assert.Null(UsageSpike.Find([.. Usual(3), Row(Tuesday, "chat", "web", 9_000)], Week, CreditTypes.Credits));

    [Fact]
    public void Other_kinds_of_credit_do_not_count() =>
        Assert.Null(UsageSpike.Find([.. Usual(8), Row(Tuesday, "model_call", "web", 9_000, CreditTypes.ApiCredits)], Week, CreditTypes.Credits));

    // 100 on the Tuesdays before, and 150 on the last of them.
    private static IEnumerable<UsageDayRow> Usual(int weeks) =>
        Enumerable.Range(1, weeks).Select(week => Row(Tuesday.AddDays(-7 * week), "chat", "web", week == 1 ? 150 : 100));

    private static UsageDayRow Row(DateOnly day, string operation, string? key, long credits, string creditType = CreditTypes.Credits) =>
        new(day, "any", operation, key, creditType, new UsageSums(Quantity.FromWhole(1), Credits.Zero, Whole(credits), 1));

    private static Credits Whole(long credits) => Credits.FromWhole(credits);
}
