using BillingPortal.Ledger;

namespace BillingPortal.Payments;

/// <summary>The company that takes the money. One is configured; the sandbox stands in for it where no money is to move.</summary>
/// <remarks>Whatever changes something carries an id of ours as its idempotency key: asked again, it is done once and answered the same.</remarks>
public interface IPaymentGateway
{
    /// <summary>Whether real money moves. What the gateway reports must say the same.</summary>
    bool IsLive { get; }

    /// <summary>Opens a page on which the buyer pays. The same payment again gives the same page.</summary>
    /// <exception cref="GatewayException">The gateway could not, or did not answer in time.</exception>
    Task<OpenedCheckout> OpenCheckoutAsync(CheckoutOrder order, CancellationToken cancellationToken);

    /// <summary>How a checkout stands; null if the gateway knows none by this id.</summary>
    /// <exception cref="GatewayException">The gateway could not say.</exception>
    Task<PaymentReport?> FindCheckoutAsync(string sessionId, CancellationToken cancellationToken);

    /// <summary>Readies a charge that the buyer's own page confirms with the gateway's script. The same payment again gives the same.</summary>
    /// <exception cref="GatewayException">The gateway could not, or did not answer in time.</exception>
    Task<OpenedIntent> OpenIntentAsync(IntentOrder order, CancellationToken cancellationToken);

    /// <summary>How a charge stands; null if the gateway knows none by this id.</summary>
    /// <exception cref="GatewayException">The gateway could not say.</exception>
    Task<PaymentReport?> FindIntentAsync(string paymentIntentId, CancellationToken cancellationToken);

    /// <summary>Withdraws a charge that is not paid, so that it never can be, and tells how it stands then; null if the gateway knows none by this id.</summary>
    /// <returns>Failed with <see cref="FailureCodes.GivenUp"/>; or paid or processing, if the buyer was quicker.</returns>
    /// <exception cref="GatewayException">The gateway did not answer.</exception>
    Task<PaymentReport?> CancelIntentAsync(string paymentIntentId, CancellationToken cancellationToken);

    /// <summary>Makes a customer for an organization. Each call makes one; what the portal does not keep of them is never used.</summary>
    /// <returns>The gateway's id of it.</returns>
    /// <exception cref="GatewayException">The gateway could not, or did not answer in time.</exception>
    Task<string> CreateCustomerAsync(string organizationId, CancellationToken cancellationToken);

    /// <summary>Opens a page on which a card is saved and nothing is charged. The same set-up again gives the same page.</summary>
    /// <exception cref="GatewayException">The gateway could not, or did not answer in time.</exception>
    Task<OpenedCheckout> OpenCardSetupAsync(CardSetupOrder order, CancellationToken cancellationToken);

    /// <summary>The cards that a customer has saved; null if the gateway no longer knows the customer.</summary>
    /// <exception cref="GatewayException">The gateway could not say.</exception>
    Task<IReadOnlyList<GatewayCard>?> ListCardsAsync(string customerId, CancellationToken cancellationToken);

    /// <summary>Forgets a saved card; one that it no longer has is forgotten already.</summary>
    /// <exception cref="GatewayException">The gateway could not, or did not answer in time.</exception>
    Task RemoveCardAsync(string paymentMethodId, CancellationToken cancellationToken);

    /// <summary>Charges a saved card while its owner is away. Keyed on the payment: the same again is the same charge and gives its outcome.</summary>
    /// <returns>
    /// Paid, processing, or failed with the gateway's code: the bank's own word such as <c>insufficient_funds</c>,
    /// <see cref="FailureCodes.AuthenticationRequired"/>, or <see cref="FailureCodes.CardMissing"/> if card or customer are gone.
    /// </returns>
    /// <exception cref="GatewayException">The gateway did not answer: whether the card was charged is not known.</exception>
    Task<PaymentReport> ChargeCardAsync(CardCharge charge, CancellationToken cancellationToken);

    /// <summary>How a charge of a saved card stands whose answer was lost, without charging anything; null if the gateway never heard of it.</summary>
    /// <exception cref="GatewayException">The gateway could not say.</exception>
    Task<PaymentReport?> FindChargeAsync(CardCharge charge, CancellationToken cancellationToken);

    /// <summary>Gives money back, all or part of it. Keyed on the refund; credit is taken back when the gateway tells of it.</summary>
    /// <returns>The gateway's id of the refund.</returns>
    /// <exception cref="GatewayRefusedException">The gateway will not: it is refunded already, disputed, or too old.</exception>
    /// <exception cref="GatewayException">The gateway did not answer: whether money was given back is not known.</exception>
    Task<string> RefundAsync(RefundOrder order, CancellationToken cancellationToken);

    /// <summary>What came of a charge, and what of it went back, as it is now; null if the gateway knows none by this id.</summary>
    /// <exception cref="GatewayException">The gateway could not say.</exception>
    Task<GatewayMoney?> FindMoneyAsync(string paymentIntentId, CancellationToken cancellationToken);

    /// <summary>Checks who sent an event and reads it; null if it is not the gateway's own, or is older than the tolerance.</summary>
    ValueTask<GatewayEvent?> ReadEventAsync(ReadOnlyMemory<byte> body, string? signature, CancellationToken cancellationToken);
}

/// <summary>What the gateway is asked to collect.</summary>
/// <param name="PaymentId">Our payment; the gateway keeps it and gives it back, and does the work once for it.</param>
/// <param name="Description">What the buyer reads.</param>
/// <param name="Amount">In <see cref="Money.Currency"/>.</param>
/// <param name="SuccessUrl">Where the browser goes after paying.</param>
/// <param name="CancelUrl">Where the browser goes if the buyer turns back.</param>
/// <param name="ExpiresAt">When the page ends.</param>
/// <param name="CustomerId">The gateway's customer who pays; null: nobody it has to remember.</param>
/// <param name="KeepsCard">Whether the card is saved for charges while its owner is away. Needs a customer.</param>
public sealed record CheckoutOrder(
    string PaymentId, string Description, Money Amount, string SuccessUrl, string CancelUrl, DateTimeOffset ExpiresAt, string? CustomerId = null, bool KeepsCard = false);

/// <summary>What the gateway is asked to collect on a page of the buyer's own.</summary>
/// <param name="PaymentId">Our payment; the gateway keeps it and gives it back, and does the work once for it.</param>
/// <param name="Description">What the gateway's books read.</param>
/// <param name="Amount">In <see cref="Money.Currency"/>.</param>
public sealed record IntentOrder(string PaymentId, string Description, Money Amount);

/// <summary>A charge that the buyer's page can confirm.</summary>
/// <param name="PaymentIntentId">The gateway's payment.</param>
/// <param name="ClientSecret">What the page confirms it with. Not to be stored or logged.</param>
public sealed record OpenedIntent(string PaymentIntentId, string ClientSecret);

/// <summary>A card to be saved and not charged.</summary>
/// <param name="SetupId">Our id of it; the gateway does the work once for it.</param>
/// <param name="CustomerId">Whose card.</param>
/// <param name="SuccessUrl">Where the browser goes after saving.</param>
/// <param name="CancelUrl">Where the browser goes if they turn back.</param>
/// <param name="ExpiresAt">When the page ends.</param>
public sealed record CardSetupOrder(string SetupId, string CustomerId, string SuccessUrl, string CancelUrl, DateTimeOffset ExpiresAt);

/// <summary>A page of the gateway for the buyer.</summary>
public sealed record OpenedCheckout(string SessionId, string Url);

/// <summary>A card that the gateway has saved. Never its number.</summary>
/// <param name="PaymentMethodId">The gateway's id of it.</param>
/// <param name="Brand">Lower case: visa.</param>
/// <param name="Last4">Its last four digits.</param>
/// <param name="ExpiryMonth">1 to 12.</param>
/// <param name="ExpiryYear">Four digits.</param>
/// <param name="SavedAt">When the gateway saved it.</param>
public sealed record GatewayCard(string PaymentMethodId, string Brand, string Last4, int ExpiryMonth, int ExpiryYear, DateTimeOffset SavedAt);

/// <summary>A saved card to be charged while its owner is away.</summary>
/// <param name="PaymentId">Our payment; the key under which it is charged at most once.</param>
/// <param name="Description">What the statement and the gateway's books read.</param>
/// <param name="Amount">In <see cref="Money.Currency"/>.</param>
/// <param name="CustomerId">Whose card.</param>
/// <param name="PaymentMethodId">Which card.</param>
/// <param name="OrderedAt">When the payment was ordered: a search need not look before.</param>
public sealed record CardCharge(string PaymentId, string Description, Money Amount, string CustomerId, string PaymentMethodId, DateTimeOffset OrderedAt);

/// <summary>Money to be given back.</summary>
/// <param name="RefundId">Our id of it; the key under which it is given back at most once.</param>
/// <param name="PaymentIntentId">The gateway's payment.</param>
/// <param name="Amount">At most what is left of the payment.</param>
public sealed record RefundOrder(string RefundId, string PaymentIntentId, Money Amount);

/// <summary>The gateway could not do, or say, what it was asked. Whether it did the work is not known; asking again is safe.</summary>
public sealed class GatewayException : Exception
{
    public GatewayException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>The gateway will not do what it was asked, and has not. Asking again changes nothing.</summary>
/// <param name="code">Machine-readable, in the gateway's word.</param>
public sealed class GatewayRefusedException(string code) : Exception($"The gateway refused: {code}.")
{
    public string Code => code;
}
