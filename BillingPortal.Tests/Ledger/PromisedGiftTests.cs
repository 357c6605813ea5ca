using BillingPortal.Ledger;
using FsCheck;
using FsCheck.Fluent;

namespace BillingPortal.Tests.Ledger;

/// <summary>Credit that is set aside for a gift.</summary>
public sealed class PromisedGiftTests
{
    private static readonly DateTimeOffset Now = new(2027, 3, 10, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_promised_gift_can_be_given_whatever_was_charged_meanwhile() => Prop.ForAll(
        ArbMap.Default.ArbFor<(PositiveInt, bool, bool)[]>(), ArbMap.Default.ArbFor<(PositiveInt Gift, PositiveInt[] Charges)>(),
        (lots, play) =>
        {
            var wallet = Wallet.Empty(new WalletKey("org", "flows"));
            foreach (var (amount, giftable, expires) in lots)
            {
                var deposit = new Deposit(BucketKind.Promotional, Credits.FromMicros(amount.Get), expires ? Now.AddDays(1) : null, Giftable: giftable);
                wallet = wallet.Credit(Header(), TransactionType.Grant, deposit).Wallet;
            }

            var gift = Credits.FromMicros(play.Gift.Get);
            var promised = wallet.Reserve(new Hold("hold_1", gift, Now.AddMinutes(1), IsGift: true), Now);
            if (promised.Refusal is not null)
            {
                return gift > wallet.GiftableAt(Now);
            }

            wallet = promised.Wallet;
            foreach (var charge in play.Charges)
            {
                wallet = wallet.Charge(Header(), Credits.FromMicros(charge.Get), Credits.Zero).Wallet;
            }

            return wallet.Release("hold_1", Now).Wallet.SendGift(Header(), gift).Refusal is null;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void What_is_promised_cannot_be_promised_again_although_other_credit_is_left()
    {
        var wallet = Wallet.Empty(new WalletKey("org", "flows"))
            .Credit(Header(), TransactionType.Grant, new Deposit(BucketKind.Daily, Credits.FromWhole(10), Now.AddHours(12))).Wallet
            .Credit(Header(), TransactionType.Grant, new Deposit(BucketKind.Promotional, Credits.FromWhole(5), Giftable: true)).Wallet
            .Reserve(new Hold("hold_1", Credits.FromWhole(4), Now.AddMinutes(1), IsGift: true), Now).Wallet;

        Assert.Equal(Credits.FromWhole(1), wallet.GiftableAt(Now));
        Assert.Equal(Credits.FromWhole(11), wallet.AvailableAt(Now));
        Assert.NotNull(wallet.Reserve(new Hold("hold_2", Credits.FromWhole(2), Now.AddMinutes(1), IsGift: true), Now).Refusal);
        Assert.Null(wallet.Reserve(new Hold("hold_2", Credits.FromWhole(11), Now.AddMinutes(1)), Now).Refusal);
    }

    private static TransactionHeader Header() => new(Ids.New("tx", Now), $"test:{Guid.NewGuid()}", "test", null, "system:test", Now, Now);
}
