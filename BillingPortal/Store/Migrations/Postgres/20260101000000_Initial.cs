using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace BillingPortal.Store.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "audit_entries",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    act = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    subject = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    actor = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    address = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    before = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    after = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    at = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_audit_entries", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "auto_reload_attempts",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    available_micros = table.Column<long>(type: "bigint", nullable: false),
                    amount_cents = table.Column<long>(type: "bigint", nullable: false),
                    payment_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    started_at = table.Column<long>(type: "bigint", nullable: false),
                    ended_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_auto_reload_attempts", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "auto_reload_settings",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    is_enabled = table.Column<bool>(type: "boolean", nullable: false),
                    threshold_cents = table.Column<long>(type: "bigint", nullable: false),
                    amount_cents = table.Column<long>(type: "bigint", nullable: false),
                    monthly_limit_cents = table.Column<long>(type: "bigint", nullable: true),
                    agreed_by = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    updated_at = table.Column<long>(type: "bigint", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    last_attempt_at = table.Column<long>(type: "bigint", nullable: true),
                    failures = table.Column<long>(type: "bigint", nullable: false),
                    last_failed_at = table.Column<long>(type: "bigint", nullable: true),
                    not_before = table.Column<long>(type: "bigint", nullable: true),
                    needs_owner = table.Column<bool>(type: "boolean", nullable: false),
                    stopped_at = table.Column<long>(type: "bigint", nullable: true),
                    last_skip = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_auto_reload_settings", x => x.organization_id);
                    table.CheckConstraint("ck_auto_reload_settings_amounts", "threshold_cents > 0 AND amount_cents > 0");
                });

            migrationBuilder.CreateTable(
                name: "balance_alerts",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    credit_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    levels = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_balance_alerts", x => new { x.organization_id, x.credit_type });
                });

            migrationBuilder.CreateTable(
                name: "balance_levels",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    credit_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    below_micros = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_balance_levels", x => new { x.organization_id, x.credit_type });
                });

            migrationBuilder.CreateTable(
                name: "billing_details",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    address = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    tax_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    reference = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    updated_at = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_billing_details", x => x.organization_id);
                });

            migrationBuilder.CreateTable(
                name: "credit_adjustments",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    credit_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    kind = table.Column<string>(type: "text", nullable: false),
                    amount_micros = table.Column<long>(type: "bigint", nullable: false),
                    source = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    reason = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    expires_at = table.Column<long>(type: "bigint", nullable: true),
                    giftable = table.Column<bool>(type: "boolean", nullable: false),
                    bucket_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    transaction_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    actor = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    at = table.Column<long>(type: "bigint", nullable: false),
                    batch_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    undone_at = table.Column<long>(type: "bigint", nullable: true),
                    undone_by = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    undo_transaction_id = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_credit_adjustments", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "demo_clock",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    offset_millis = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_demo_clock", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "demo_runs",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    started_at = table.Column<long>(type: "bigint", nullable: false),
                    finished_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_demo_runs", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "document_counters",
                columns: table => new
                {
                    series = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    year = table.Column<long>(type: "bigint", nullable: false),
                    last_number = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_document_counters", x => new { x.series, x.year });
                });

            migrationBuilder.CreateTable(
                name: "gateway_events",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    payload = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    received_at = table.Column<long>(type: "bigint", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    problem = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    payment_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    charge_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    attempts = table.Column<long>(type: "bigint", nullable: false),
                    next_attempt_at = table.Column<long>(type: "bigint", nullable: true),
                    applied_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_gateway_events", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "gifts",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    sender_organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    sender_name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    sender_user_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    recipient_email = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    recipient_key = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    recipient_user_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    recipient_organization_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    amount_micros = table.Column<long>(type: "bigint", nullable: false),
                    note = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    state = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    due_at = table.Column<long>(type: "bigint", nullable: true),
                    hold_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    ended_at = table.Column<long>(type: "bigint", nullable: true),
                    transaction_id = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_gifts", x => x.id);
                    table.CheckConstraint("ck_gifts_amount", "amount_micros > 0");
                });

            migrationBuilder.CreateTable(
                name: "grant_batches",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    credit_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    source = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    user_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    rows = table.Column<long>(type: "bigint", nullable: false),
                    total_micros = table.Column<long>(type: "bigint", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    started_by = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    started_from = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    started_at = table.Column<long>(type: "bigint", nullable: true),
                    ended_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_grant_batches", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "idempotency_records",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    key = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    fingerprint = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    claim = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    lease_until = table.Column<long>(type: "bigint", nullable: false),
                    status = table.Column<int>(type: "integer", nullable: true),
                    content_type = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    body = table.Column<byte[]>(type: "bytea", nullable: true),
                    expires_at = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_idempotency_records", x => new { x.organization_id, x.key });
                });

            migrationBuilder.CreateTable(
                name: "invoices",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    number = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    issued_at = table.Column<long>(type: "bigint", nullable: false),
                    seller_name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    seller_address = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    seller_tax_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    seller_contact = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    buyer_name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    buyer_address = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    buyer_tax_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    buyer_reference = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    subtotal_cents = table.Column<long>(type: "bigint", nullable: false),
                    tax_name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    tax_basis_points = table.Column<long>(type: "bigint", nullable: false),
                    tax_cents = table.Column<long>(type: "bigint", nullable: false),
                    total_cents = table.Column<long>(type: "bigint", nullable: false),
                    credited_cents = table.Column<long>(type: "bigint", nullable: false),
                    payment_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    is_test = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_invoices", x => x.id);
                    table.CheckConstraint("ck_invoices_credited", "credited_cents >= 0 AND credited_cents <= total_cents");
                    table.CheckConstraint("ck_invoices_total", "total_cents = subtotal_cents + tax_cents");
                });

            migrationBuilder.CreateTable(
                name: "notification_choices",
                columns: table => new
                {
                    user_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    kind = table.Column<string>(type: "text", nullable: false),
                    in_app = table.Column<bool>(type: "boolean", nullable: false),
                    by_mail = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_notification_choices", x => new { x.user_id, x.kind });
                });

            migrationBuilder.CreateTable(
                name: "notifications",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    user_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    event_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    kind = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    title = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    text = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    link = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    read_at = table.Column<long>(type: "bigint", nullable: true),
                    in_app = table.Column<bool>(type: "boolean", nullable: false),
                    mail_to = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    mail_state = table.Column<string>(type: "text", nullable: false),
                    mail_attempts = table.Column<long>(type: "bigint", nullable: false),
                    next_mail_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_notifications", x => x.id);
                    table.CheckConstraint("ck_notifications_mail", "(mail_state = 'pending') = (next_mail_at IS NOT NULL)");
                });

            migrationBuilder.CreateTable(
                name: "organizations",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    personal_of = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    time_zone = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_organizations", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "outbox_events",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    data = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    occurred_at = table.Column<long>(type: "bigint", nullable: false),
                    dispatched_at = table.Column<long>(type: "bigint", nullable: true),
                    notified_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_outbox_events", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "payment_customers",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    customer_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_payment_customers", x => x.organization_id);
                });

            migrationBuilder.CreateTable(
                name: "payment_differences",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    payment_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    kind = table.Column<string>(type: "text", nullable: false),
                    detail = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state = table.Column<string>(type: "text", nullable: false),
                    found_at = table.Column<long>(type: "bigint", nullable: false),
                    ended_at = table.Column<long>(type: "bigint", nullable: true),
                    ended_by = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_payment_differences", x => x.id);
                    table.CheckConstraint("ck_payment_differences_ended", "(state = 'open') = (ended_at IS NULL)");
                });

            migrationBuilder.CreateTable(
                name: "payment_disputes",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    payment_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    amount_cents = table.Column<long>(type: "bigint", nullable: false),
                    credit_micros = table.Column<long>(type: "bigint", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    opened_at = table.Column<long>(type: "bigint", nullable: false),
                    closed_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_payment_disputes", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "payment_refunds",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    payment_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    amount_cents = table.Column<long>(type: "bigint", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    actor = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    idempotency_key = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    state = table.Column<string>(type: "text", nullable: false),
                    problem = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    gateway_refund_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    next_check_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_payment_refunds", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "payments",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    user_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    actor = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    buyer_name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    kind = table.Column<string>(type: "text", nullable: false),
                    item = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    description = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    amount_cents = table.Column<long>(type: "bigint", nullable: false),
                    fee_cents = table.Column<long>(type: "bigint", nullable: false),
                    credit_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    credit_micros = table.Column<long>(type: "bigint", nullable: false),
                    terms = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    state = table.Column<string>(type: "text", nullable: false),
                    idempotency_key = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    cycle_start = table.Column<long>(type: "bigint", nullable: true),
                    place = table.Column<long>(type: "bigint", nullable: true),
                    card_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    keeps_card = table.Column<bool>(type: "boolean", nullable: false),
                    session_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    checkout_url = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    payment_intent_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    expires_at = table.Column<long>(type: "bigint", nullable: false),
                    accepted_at = table.Column<long>(type: "bigint", nullable: true),
                    confirmed_at = table.Column<long>(type: "bigint", nullable: true),
                    settled_at = table.Column<long>(type: "bigint", nullable: true),
                    late = table.Column<bool>(type: "boolean", nullable: false),
                    failure_code = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    refunded_cents = table.Column<long>(type: "bigint", nullable: false),
                    refund_round = table.Column<long>(type: "bigint", nullable: false),
                    checks = table.Column<long>(type: "bigint", nullable: false),
                    next_check_at = table.Column<long>(type: "bigint", nullable: true),
                    compared_at = table.Column<long>(type: "bigint", nullable: true),
                    next_comparison_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_payments", x => x.id);
                    table.CheckConstraint("ck_payments_amounts", "amount_cents > 0 AND credit_micros >= 0 AND fee_cents >= 0 AND fee_cents < amount_cents");
                    table.CheckConstraint("ck_payments_settled", "(state = 'pending') = (settled_at IS NULL)");
                });

            migrationBuilder.CreateTable(
                name: "posted_references",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    reference = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    result_id = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_posted_references", x => new { x.organization_id, x.reference });
                });

            migrationBuilder.CreateTable(
                name: "postings",
                columns: table => new
                {
                    transaction_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    leg = table.Column<long>(type: "bigint", nullable: false),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    account = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    bucket_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    amount_micros = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_postings", x => new { x.transaction_id, x.leg });
                });

            migrationBuilder.CreateTable(
                name: "posts",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    channel_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    content = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    scheduled_for = table.Column<long>(type: "bigint", nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    flow_source = table.Column<string>(type: "text", nullable: false),
                    transaction_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    actor = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_posts", x => new { x.organization_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "protection_keys",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    xml = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_protection_keys", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "rented_numbers",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    number = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    label = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    rented_at = table.Column<long>(type: "bigint", nullable: false),
                    months = table.Column<int>(type: "integer", nullable: false),
                    due_at = table.Column<long>(type: "bigint", nullable: true),
                    past_due_since = table.Column<long>(type: "bigint", nullable: true),
                    state = table.Column<string>(type: "text", nullable: false),
                    released_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_rented_numbers", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sandbox_cards",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    customer_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    method = table.Column<string>(type: "text", nullable: false),
                    expiry_month = table.Column<long>(type: "bigint", nullable: false),
                    expiry_year = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    removed_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sandbox_cards", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sandbox_events",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    payload = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    attempts = table.Column<long>(type: "bigint", nullable: false),
                    next_attempt_at = table.Column<long>(type: "bigint", nullable: true),
                    delivered_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sandbox_events", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sandbox_intents",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    payment_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    customer_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    card_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    amount_cents = table.Column<long>(type: "bigint", nullable: false),
                    client_secret = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    failure_code = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    clears_at = table.Column<long>(type: "bigint", nullable: false),
                    refunded_cents = table.Column<long>(type: "bigint", nullable: false),
                    dispute_status = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sandbox_intents", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sandbox_refunds",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    refund_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    payment_intent_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    amount_cents = table.Column<long>(type: "bigint", nullable: false),
                    has_failed = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sandbox_refunds", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sandbox_secrets",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false),
                    value = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sandbox_secrets", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sandbox_sessions",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    payment_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    is_setup = table.Column<bool>(type: "boolean", nullable: false),
                    customer_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    keeps_card = table.Column<bool>(type: "boolean", nullable: false),
                    description = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    amount_cents = table.Column<long>(type: "bigint", nullable: false),
                    success_url = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    cancel_url = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    expires_at = table.Column<long>(type: "bigint", nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    payment_intent_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    clears_at = table.Column<long>(type: "bigint", nullable: true),
                    bounces = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sandbox_sessions", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "saved_cards",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    payment_method_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    brand = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    last4 = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    expiry_month = table.Column<long>(type: "bigint", nullable: false),
                    expiry_year = table.Column<long>(type: "bigint", nullable: false),
                    is_default = table.Column<bool>(type: "boolean", nullable: false),
                    added_at = table.Column<long>(type: "bigint", nullable: false),
                    removed_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_saved_cards", x => x.id);
                    table.CheckConstraint("ck_saved_cards_default", "removed_at IS NULL OR NOT is_default");
                });

            migrationBuilder.CreateTable(
                name: "spend_limit_notices",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    credit_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    period = table.Column<string>(type: "text", nullable: false),
                    starts_on = table.Column<long>(type: "bigint", nullable: false),
                    limit_micros = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_spend_limit_notices", x => new { x.organization_id, x.credit_type, x.period });
                });

            migrationBuilder.CreateTable(
                name: "subscriptions",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    plan_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    interval = table.Column<string>(type: "text", nullable: false),
                    seats = table.Column<int>(type: "integer", nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    started_at = table.Column<long>(type: "bigint", nullable: false),
                    cancel_at_period_end = table.Column<bool>(type: "boolean", nullable: false),
                    pending_plan_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    pending_interval = table.Column<string>(type: "text", nullable: true),
                    pending_seats = table.Column<int>(type: "integer", nullable: true),
                    paid_until = table.Column<long>(type: "bigint", nullable: true),
                    cycle_price_cents = table.Column<long>(type: "bigint", nullable: false),
                    carried_over_cents = table.Column<long>(type: "bigint", nullable: false),
                    renews_at = table.Column<long>(type: "bigint", nullable: true),
                    past_due_since = table.Column<long>(type: "bigint", nullable: true),
                    failed_attempts = table.Column<long>(type: "bigint", nullable: false),
                    failure_code = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    revision = table.Column<long>(type: "bigint", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    next_allowance_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_subscriptions", x => x.organization_id);
                    table.CheckConstraint("ck_subscriptions_money", "carried_over_cents >= 0 AND cycle_price_cents >= 0");
                    table.CheckConstraint("ck_subscriptions_seats", "seats >= 1");
                });

            migrationBuilder.CreateTable(
                name: "tier_counts",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    price_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    cycle_start = table.Column<long>(type: "bigint", nullable: false),
                    quantity_micros = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_tier_counts", x => new { x.organization_id, x.price_id, x.cycle_start });
                });

            migrationBuilder.CreateTable(
                name: "transactions",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    credit_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    sequence = table.Column<long>(type: "bigint", nullable: false),
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    type = table.Column<string>(type: "text", nullable: false),
                    amount_micros = table.Column<long>(type: "bigint", nullable: false),
                    balance_after_micros = table.Column<long>(type: "bigint", nullable: false),
                    reference = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    source = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    note = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    actor = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    recorded_at = table.Column<long>(type: "bigint", nullable: false),
                    effective_at = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_transactions", x => new { x.organization_id, x.credit_type, x.sequence });
                });

            migrationBuilder.CreateTable(
                name: "usage_days",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    day = table.Column<long>(type: "bigint", nullable: false),
                    recorded_on = table.Column<long>(type: "bigint", nullable: false),
                    channel = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    operation = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    key_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    credit_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    quantity_micros = table.Column<long>(type: "bigint", nullable: false),
                    included_micros = table.Column<long>(type: "bigint", nullable: false),
                    credits_micros = table.Column<long>(type: "bigint", nullable: false),
                    items = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_usage_days", x => new { x.organization_id, x.day, x.recorded_on, x.channel, x.operation, x.key_id, x.credit_type });
                });

            migrationBuilder.CreateTable(
                name: "usage_holds",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    operation = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    quantity_micros = table.Column<long>(type: "bigint", nullable: false),
                    properties_json = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    credit_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    credits_micros = table.Column<long>(type: "bigint", nullable: false),
                    included_micros = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    expires_at = table.Column<long>(type: "bigint", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    item_id = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_usage_holds", x => new { x.organization_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "usage_items",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    event_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    occurred_at = table.Column<long>(type: "bigint", nullable: false),
                    recorded_at = table.Column<long>(type: "bigint", nullable: false),
                    operation = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    channel = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    category = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    quantity_micros = table.Column<long>(type: "bigint", nullable: false),
                    included_micros = table.Column<long>(type: "bigint", nullable: false),
                    credit_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    credits_micros = table.Column<long>(type: "bigint", nullable: false),
                    rate_micros = table.Column<long>(type: "bigint", nullable: false),
                    output_rate_micros = table.Column<long>(type: "bigint", nullable: true),
                    input_tokens = table.Column<long>(type: "bigint", nullable: true),
                    outcome = table.Column<string>(type: "text", nullable: false),
                    description = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    model = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    agent_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    repo_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    unit_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    host = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    node_type = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    llm_type = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    llm_model = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    key_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    transaction_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    balance_after_micros = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_usage_items", x => new { x.organization_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "users",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    display_name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    time_zone = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    number_format = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    is_platform_administrator = table.Column<bool>(type: "boolean", nullable: false),
                    disabled_at = table.Column<long>(type: "bigint", nullable: true),
                    user_name = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: true, collation: "C"),
                    normalized_user_name = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: true, collation: "C"),
                    email = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: true, collation: "C"),
                    normalized_email = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: true, collation: "C"),
                    email_confirmed = table.Column<bool>(type: "boolean", nullable: false),
                    password_hash = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    security_stamp = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    concurrency_stamp = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    phone_number = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: true, collation: "C"),
                    phone_number_confirmed = table.Column<bool>(type: "boolean", nullable: false),
                    two_factor_enabled = table.Column<bool>(type: "boolean", nullable: false),
                    lockout_end = table.Column<long>(type: "bigint", nullable: true),
                    lockout_enabled = table.Column<bool>(type: "boolean", nullable: false),
                    access_failed_count = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_users", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "wallet_days",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    credit_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    day = table.Column<long>(type: "bigint", nullable: false),
                    type = table.Column<string>(type: "text", nullable: false),
                    whole_credits = table.Column<long>(type: "bigint", nullable: false),
                    fraction_micros = table.Column<long>(type: "bigint", nullable: false),
                    transactions = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_wallet_days", x => new { x.organization_id, x.credit_type, x.day, x.type });
                });

            migrationBuilder.CreateTable(
                name: "wallets",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    credit_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    sequence = table.Column<long>(type: "bigint", nullable: false),
                    balance_micros = table.Column<long>(type: "bigint", nullable: false),
                    held_micros = table.Column<long>(type: "bigint", nullable: false),
                    next_change_at = table.Column<long>(type: "bigint", nullable: true),
                    day_limit_micros = table.Column<long>(type: "bigint", nullable: true),
                    month_limit_micros = table.Column<long>(type: "bigint", nullable: true),
                    spent_on = table.Column<long>(type: "bigint", nullable: false),
                    spent_in_day_micros = table.Column<long>(type: "bigint", nullable: false),
                    spent_in_month_micros = table.Column<long>(type: "bigint", nullable: false),
                    has_key_limits = table.Column<bool>(type: "boolean", nullable: false, defaultValue: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_wallets", x => new { x.organization_id, x.credit_type });
                });

            migrationBuilder.CreateTable(
                name: "webhook_endpoints",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    user_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    place = table.Column<int>(type: "integer", nullable: false),
                    url = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    event_list = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    secret = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    previous_secret = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    previous_secret_until = table.Column<long>(type: "bigint", nullable: true),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    paused_at = table.Column<long>(type: "bigint", nullable: true),
                    pause = table.Column<string>(type: "text", nullable: true),
                    failing_since = table.Column<long>(type: "bigint", nullable: true),
                    backoff_until = table.Column<long>(type: "bigint", nullable: true),
                    last_attempt_at = table.Column<long>(type: "bigint", nullable: true),
                    leased_until = table.Column<long>(type: "bigint", nullable: true),
                    lease = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_webhook_endpoints", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "grant_batch_rows",
                columns: table => new
                {
                    batch_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    line = table.Column<long>(type: "bigint", nullable: false),
                    customer = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    amount_micros = table.Column<long>(type: "bigint", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    expires_at = table.Column<long>(type: "bigint", nullable: true),
                    reference = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state = table.Column<string>(type: "text", nullable: false),
                    message = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    adjustment_id = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_grant_batch_rows", x => new { x.batch_id, x.line });
                    table.ForeignKey(
                        name: "FK_grant_batch_rows_grant_batches_batch_id",
                        column: x => x.batch_id,
                        principalTable: "grant_batches",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "credit_notes",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    number = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    issued_at = table.Column<long>(type: "bigint", nullable: false),
                    invoice_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    reference = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    reason = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    amount_cents = table.Column<long>(type: "bigint", nullable: false),
                    tax_cents = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_credit_notes", x => x.id);
                    table.CheckConstraint("ck_credit_notes_amounts", "(amount_cents > 0 AND tax_cents BETWEEN 0 AND amount_cents) OR (amount_cents < 0 AND tax_cents BETWEEN amount_cents AND 0)");
                    table.ForeignKey(
                        name: "FK_credit_notes_invoices_invoice_id",
                        column: x => x.invoice_id,
                        principalTable: "invoices",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "invoice_lines",
                columns: table => new
                {
                    invoice_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    position = table.Column<long>(type: "bigint", nullable: false),
                    description = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    quantity = table.Column<long>(type: "bigint", nullable: false),
                    amount_cents = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_invoice_lines", x => new { x.invoice_id, x.position });
                    table.ForeignKey(
                        name: "FK_invoice_lines_invoices_invoice_id",
                        column: x => x.invoice_id,
                        principalTable: "invoices",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "invitations",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    email = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    normalized_email = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    role = table.Column<string>(type: "text", nullable: false),
                    hash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    invited_by = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    expires_at = table.Column<long>(type: "bigint", nullable: false),
                    told_at = table.Column<long>(type: "bigint", nullable: true),
                    ended_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_invitations", x => x.id);
                    table.ForeignKey(
                        name: "FK_invitations_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "api_keys",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    lookup = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    prefix = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    hash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    scope_list = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_by = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    expires_at = table.Column<long>(type: "bigint", nullable: true),
                    replaces_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    revoked_at = table.Column<long>(type: "bigint", nullable: true),
                    paused_at = table.Column<long>(type: "bigint", nullable: true),
                    last_used_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_api_keys", x => x.id);
                    table.ForeignKey(
                        name: "FK_api_keys_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_api_keys_users_created_by",
                        column: x => x.created_by,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "memberships",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    user_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    role = table.Column<string>(type: "text", nullable: false),
                    joined_at = table.Column<long>(type: "bigint", nullable: false),
                    chosen_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_memberships", x => new { x.organization_id, x.user_id });
                    table.ForeignKey(
                        name: "FK_memberships_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_memberships_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "user_claims",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    user_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    claim_type = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    claim_value = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_claims", x => x.id);
                    table.ForeignKey(
                        name: "FK_user_claims_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "user_logins",
                columns: table => new
                {
                    login_provider = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false, collation: "C"),
                    provider_key = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false, collation: "C"),
                    provider_display_name = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    user_id = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_logins", x => new { x.login_provider, x.provider_key });
                    table.ForeignKey(
                        name: "FK_user_logins_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "user_passkeys",
                columns: table => new
                {
                    credential_id = table.Column<byte[]>(type: "bytea", maxLength: 1024, nullable: false),
                    user_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Data = table.Column<string>(type: "jsonb", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_passkeys", x => x.credential_id);
                    table.ForeignKey(
                        name: "FK_user_passkeys_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "user_tokens",
                columns: table => new
                {
                    user_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    login_provider = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false, collation: "C"),
                    name = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false, collation: "C"),
                    value = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_tokens", x => new { x.user_id, x.login_provider, x.name });
                    table.ForeignKey(
                        name: "FK_user_tokens_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "buckets",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    credit_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    kind = table.Column<string>(type: "text", nullable: false),
                    amount_micros = table.Column<long>(type: "bigint", nullable: false),
                    remaining_micros = table.Column<long>(type: "bigint", nullable: false),
                    priority = table.Column<long>(type: "bigint", nullable: true),
                    effective_at = table.Column<long>(type: "bigint", nullable: false),
                    expires_at = table.Column<long>(type: "bigint", nullable: true),
                    source = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    origin = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    giftable = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_buckets", x => new { x.organization_id, x.id });
                    table.CheckConstraint("ck_buckets_remaining", "(kind = 'overdraft' AND remaining_micros <= 0 AND remaining_micros >= -amount_micros) OR (kind <> 'overdraft' AND remaining_micros >= 0 AND remaining_micros <= amount_micros)");
                    table.ForeignKey(
                        name: "FK_buckets_wallets_organization_id_credit_type",
                        columns: x => new { x.organization_id, x.credit_type },
                        principalTable: "wallets",
                        principalColumns: new[] { "organization_id", "credit_type" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "holds",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    credit_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state = table.Column<string>(type: "text", nullable: false),
                    amount_micros = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    expires_at = table.Column<long>(type: "bigint", nullable: false),
                    is_gift = table.Column<bool>(type: "boolean", nullable: false),
                    key_id = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_holds", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_holds_wallets_organization_id_credit_type",
                        columns: x => new { x.organization_id, x.credit_type },
                        principalTable: "wallets",
                        principalColumns: new[] { "organization_id", "credit_type" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "key_limits",
                columns: table => new
                {
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    credit_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    key_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    day_limit_micros = table.Column<long>(type: "bigint", nullable: true),
                    month_limit_micros = table.Column<long>(type: "bigint", nullable: true),
                    spent_on = table.Column<long>(type: "bigint", nullable: false),
                    spent_in_day_micros = table.Column<long>(type: "bigint", nullable: false),
                    spent_in_month_micros = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_key_limits", x => new { x.organization_id, x.credit_type, x.key_id });
                    table.ForeignKey(
                        name: "FK_key_limits_wallets_organization_id_credit_type",
                        columns: x => new { x.organization_id, x.credit_type },
                        principalTable: "wallets",
                        principalColumns: new[] { "organization_id", "credit_type" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "webhook_deliveries",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    organization_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    endpoint_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    event_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    event_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    body = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    next_attempt_at = table.Column<long>(type: "bigint", nullable: true),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    trying_since = table.Column<long>(type: "bigint", nullable: true),
                    last_attempt_at = table.Column<long>(type: "bigint", nullable: true),
                    last_status = table.Column<int>(type: "integer", nullable: true),
                    last_error = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    last_duration_millis = table.Column<long>(type: "bigint", nullable: true),
                    delivered_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_webhook_deliveries", x => x.id);
                    table.ForeignKey(
                        name: "FK_webhook_deliveries_webhook_endpoints_endpoint_id",
                        column: x => x.endpoint_id,
                        principalTable: "webhook_endpoints",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "webhook_attempts",
                columns: table => new
                {
                    delivery_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    number = table.Column<int>(type: "integer", nullable: false),
                    endpoint_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    at = table.Column<long>(type: "bigint", nullable: false),
                    status = table.Column<int>(type: "integer", nullable: true),
                    error = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    duration_millis = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_webhook_attempts", x => new { x.delivery_id, x.number });
                    table.ForeignKey(
                        name: "FK_webhook_attempts_webhook_deliveries_delivery_id",
                        column: x => x.delivery_id,
                        principalTable: "webhook_deliveries",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_api_keys_created_by",
                table: "api_keys",
                column: "created_by");

            migrationBuilder.CreateIndex(
                name: "IX_api_keys_lookup",
                table: "api_keys",
                column: "lookup",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_api_keys_organization_id_id",
                table: "api_keys",
                columns: new[] { "organization_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_api_keys_replaces_id",
                table: "api_keys",
                column: "replaces_id",
                unique: true,
                filter: "replaces_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_audit_entries_act_id",
                table: "audit_entries",
                columns: new[] { "act", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_audit_entries_actor_id",
                table: "audit_entries",
                columns: new[] { "actor", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_audit_entries_address_id",
                table: "audit_entries",
                columns: new[] { "address", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_audit_entries_organization_id_id",
                table: "audit_entries",
                columns: new[] { "organization_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_audit_entries_subject_id",
                table: "audit_entries",
                columns: new[] { "subject", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_auto_reload_attempts_open",
                table: "auto_reload_attempts",
                column: "organization_id",
                unique: true,
                filter: "state = 'open'");

            migrationBuilder.CreateIndex(
                name: "IX_auto_reload_attempts_organization_id_id",
                table: "auto_reload_attempts",
                columns: new[] { "organization_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_auto_reload_attempts_payment_id",
                table: "auto_reload_attempts",
                column: "payment_id",
                unique: true,
                filter: "payment_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_auto_reload_settings_enabled",
                table: "auto_reload_settings",
                column: "organization_id",
                filter: "is_enabled");

            migrationBuilder.CreateIndex(
                name: "ix_buckets_live",
                table: "buckets",
                columns: new[] { "organization_id", "credit_type" },
                filter: "remaining_micros <> 0 OR kind = 'overdraft'");

            migrationBuilder.CreateIndex(
                name: "ux_buckets_overdraft",
                table: "buckets",
                columns: new[] { "organization_id", "credit_type", "kind" },
                unique: true,
                filter: "kind = 'overdraft'");

            migrationBuilder.CreateIndex(
                name: "IX_credit_adjustments_batch_id_id",
                table: "credit_adjustments",
                columns: new[] { "batch_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_credit_adjustments_organization_id_id",
                table: "credit_adjustments",
                columns: new[] { "organization_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_credit_notes_invoice_id",
                table: "credit_notes",
                column: "invoice_id");

            migrationBuilder.CreateIndex(
                name: "IX_credit_notes_number",
                table: "credit_notes",
                column: "number",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_credit_notes_organization_id_id",
                table: "credit_notes",
                columns: new[] { "organization_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_credit_notes_organization_id_reference",
                table: "credit_notes",
                columns: new[] { "organization_id", "reference" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_gateway_events_charge_id",
                table: "gateway_events",
                column: "charge_id");

            migrationBuilder.CreateIndex(
                name: "IX_gateway_events_next_attempt_at",
                table: "gateway_events",
                column: "next_attempt_at",
                filter: "next_attempt_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_gateway_events_payment_id",
                table: "gateway_events",
                column: "payment_id");

            migrationBuilder.CreateIndex(
                name: "IX_gifts_due_at",
                table: "gifts",
                column: "due_at",
                filter: "due_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_gifts_recipient_key",
                table: "gifts",
                column: "recipient_key",
                filter: "state = 'invited'");

            migrationBuilder.CreateIndex(
                name: "IX_gifts_recipient_organization_id_id",
                table: "gifts",
                columns: new[] { "recipient_organization_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_gifts_sender_organization_id_id",
                table: "gifts",
                columns: new[] { "sender_organization_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_grant_batch_rows_batch_id_state_line",
                table: "grant_batch_rows",
                columns: new[] { "batch_id", "state", "line" });

            migrationBuilder.CreateIndex(
                name: "IX_grant_batches_state",
                table: "grant_batches",
                column: "state");

            migrationBuilder.CreateIndex(
                name: "ix_holds_open",
                table: "holds",
                columns: new[] { "organization_id", "credit_type" },
                filter: "state = 'open'");

            migrationBuilder.CreateIndex(
                name: "IX_idempotency_records_expires_at",
                table: "idempotency_records",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "IX_invitations_hash",
                table: "invitations",
                column: "hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_invitations_organization_id_normalized_email",
                table: "invitations",
                columns: new[] { "organization_id", "normalized_email" },
                unique: true,
                filter: "ended_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "IX_invoices_number",
                table: "invoices",
                column: "number",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_invoices_organization_id_id",
                table: "invoices",
                columns: new[] { "organization_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_invoices_payment_id",
                table: "invoices",
                column: "payment_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_memberships_user_id",
                table: "memberships",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "IX_notifications_event_id_user_id",
                table: "notifications",
                columns: new[] { "event_id", "user_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_notifications_next_mail_at",
                table: "notifications",
                column: "next_mail_at",
                filter: "next_mail_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_notifications_user_id",
                table: "notifications",
                column: "user_id",
                filter: "read_at IS NULL AND in_app");

            migrationBuilder.CreateIndex(
                name: "IX_notifications_user_id_id",
                table: "notifications",
                columns: new[] { "user_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_organizations_personal_of",
                table: "organizations",
                column: "personal_of",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_outbox_events_dispatched_at_id",
                table: "outbox_events",
                columns: new[] { "dispatched_at", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_outbox_events_organization_id_id",
                table: "outbox_events",
                columns: new[] { "organization_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_outbox_events_untold",
                table: "outbox_events",
                column: "id",
                filter: "notified_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "IX_payment_customers_customer_id",
                table: "payment_customers",
                column: "customer_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_payment_differences_payment_id",
                table: "payment_differences",
                column: "payment_id");

            migrationBuilder.CreateIndex(
                name: "IX_payment_differences_state_id",
                table: "payment_differences",
                columns: new[] { "state", "id" });

            migrationBuilder.CreateIndex(
                name: "ux_payment_differences_open",
                table: "payment_differences",
                columns: new[] { "payment_id", "kind" },
                unique: true,
                filter: "state = 'open'");

            migrationBuilder.CreateIndex(
                name: "IX_payment_disputes_payment_id",
                table: "payment_disputes",
                column: "payment_id");

            migrationBuilder.CreateIndex(
                name: "IX_payment_refunds_next_check_at",
                table: "payment_refunds",
                column: "next_check_at",
                filter: "next_check_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_payment_refunds_payment_id_id",
                table: "payment_refunds",
                columns: new[] { "payment_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_payment_refunds_payment_id_idempotency_key",
                table: "payment_refunds",
                columns: new[] { "payment_id", "idempotency_key" },
                unique: true,
                filter: "idempotency_key IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_payments_next_check_at",
                table: "payments",
                column: "next_check_at",
                filter: "next_check_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_payments_next_comparison_at",
                table: "payments",
                column: "next_comparison_at");

            migrationBuilder.CreateIndex(
                name: "IX_payments_organization_id_id",
                table: "payments",
                columns: new[] { "organization_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_payments_organization_id_idempotency_key",
                table: "payments",
                columns: new[] { "organization_id", "idempotency_key" },
                unique: true,
                filter: "idempotency_key IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_payments_organization_id_kind_item_cycle_start_place",
                table: "payments",
                columns: new[] { "organization_id", "kind", "item", "cycle_start", "place" },
                unique: true,
                filter: "place IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_payments_payment_intent_id",
                table: "payments",
                column: "payment_intent_id");

            migrationBuilder.CreateIndex(
                name: "IX_payments_session_id",
                table: "payments",
                column: "session_id",
                unique: true,
                filter: "session_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_rented_numbers_due_at",
                table: "rented_numbers",
                column: "due_at",
                filter: "due_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_rented_numbers_number",
                table: "rented_numbers",
                column: "number",
                unique: true,
                filter: "due_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_rented_numbers_organization_id_id",
                table: "rented_numbers",
                columns: new[] { "organization_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_sandbox_cards_customer_id",
                table: "sandbox_cards",
                column: "customer_id");

            migrationBuilder.CreateIndex(
                name: "IX_sandbox_events_next_attempt_at",
                table: "sandbox_events",
                column: "next_attempt_at",
                filter: "next_attempt_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_sandbox_intents_payment_id",
                table: "sandbox_intents",
                column: "payment_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_sandbox_refunds_refund_id",
                table: "sandbox_refunds",
                column: "refund_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_sandbox_sessions_expires_at",
                table: "sandbox_sessions",
                column: "expires_at",
                filter: "status = 'open'");

            migrationBuilder.CreateIndex(
                name: "IX_sandbox_sessions_payment_id",
                table: "sandbox_sessions",
                column: "payment_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_saved_cards_default",
                table: "saved_cards",
                column: "organization_id",
                unique: true,
                filter: "is_default");

            migrationBuilder.CreateIndex(
                name: "IX_saved_cards_organization_id_id",
                table: "saved_cards",
                columns: new[] { "organization_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_saved_cards_payment_method_id",
                table: "saved_cards",
                column: "payment_method_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_subscriptions_id",
                table: "subscriptions",
                column: "id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_subscriptions_next_allowance_at",
                table: "subscriptions",
                column: "next_allowance_at");

            migrationBuilder.CreateIndex(
                name: "IX_subscriptions_renews_at",
                table: "subscriptions",
                column: "renews_at",
                filter: "renews_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_transactions_id",
                table: "transactions",
                column: "id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_transactions_uncharged",
                table: "transactions",
                columns: new[] { "organization_id", "credit_type", "sequence" },
                filter: "type <> 'charge'");

            migrationBuilder.CreateIndex(
                name: "IX_usage_items_organization_id_channel_id",
                table: "usage_items",
                columns: new[] { "organization_id", "channel", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_usage_items_organization_id_repo_id_id",
                table: "usage_items",
                columns: new[] { "organization_id", "repo_id", "id" },
                filter: "repo_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_user_claims_user_id",
                table: "user_claims",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "IX_user_logins_user_id",
                table: "user_logins",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "IX_user_passkeys_user_id",
                table: "user_passkeys",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "EmailIndex",
                table: "users",
                column: "normalized_email");

            migrationBuilder.CreateIndex(
                name: "UserNameIndex",
                table: "users",
                column: "normalized_user_name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_wallets_next_change_at",
                table: "wallets",
                column: "next_change_at");

            migrationBuilder.CreateIndex(
                name: "IX_webhook_attempts_endpoint_id_at",
                table: "webhook_attempts",
                columns: new[] { "endpoint_id", "at" });

            migrationBuilder.CreateIndex(
                name: "ix_webhook_deliveries_due",
                table: "webhook_deliveries",
                columns: new[] { "endpoint_id", "next_attempt_at" },
                filter: "next_attempt_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_webhook_deliveries_endpoint_id_event_id",
                table: "webhook_deliveries",
                columns: new[] { "endpoint_id", "event_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_webhook_deliveries_endpoint_id_id",
                table: "webhook_deliveries",
                columns: new[] { "endpoint_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_webhook_endpoints_organization_id_place",
                table: "webhook_endpoints",
                columns: new[] { "organization_id", "place" },
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "api_keys");

            migrationBuilder.DropTable(
                name: "audit_entries");

            migrationBuilder.DropTable(
                name: "auto_reload_attempts");

            migrationBuilder.DropTable(
                name: "auto_reload_settings");

            migrationBuilder.DropTable(
                name: "balance_alerts");

            migrationBuilder.DropTable(
                name: "balance_levels");

            migrationBuilder.DropTable(
                name: "billing_details");

            migrationBuilder.DropTable(
                name: "buckets");

            migrationBuilder.DropTable(
                name: "credit_adjustments");

            migrationBuilder.DropTable(
                name: "credit_notes");

            migrationBuilder.DropTable(
                name: "demo_clock");

            migrationBuilder.DropTable(
                name: "demo_runs");

            migrationBuilder.DropTable(
                name: "document_counters");

            migrationBuilder.DropTable(
                name: "gateway_events");

            migrationBuilder.DropTable(
                name: "gifts");

            migrationBuilder.DropTable(
                name: "grant_batch_rows");

            migrationBuilder.DropTable(
                name: "holds");

            migrationBuilder.DropTable(
                name: "idempotency_records");

            migrationBuilder.DropTable(
                name: "invitations");

            migrationBuilder.DropTable(
                name: "invoice_lines");

            migrationBuilder.DropTable(
                name: "key_limits");

            migrationBuilder.DropTable(
                name: "memberships");

            migrationBuilder.DropTable(
                name: "notification_choices");

            migrationBuilder.DropTable(
                name: "notifications");

            migrationBuilder.DropTable(
                name: "outbox_events");

            migrationBuilder.DropTable(
                name: "payment_customers");

            migrationBuilder.DropTable(
                name: "payment_differences");

            migrationBuilder.DropTable(
                name: "payment_disputes");

            migrationBuilder.DropTable(
                name: "payment_refunds");

            migrationBuilder.DropTable(
                name: "payments");

            migrationBuilder.DropTable(
                name: "posted_references");

            migrationBuilder.DropTable(
                name: "postings");

            migrationBuilder.DropTable(
                name: "posts");

            migrationBuilder.DropTable(
                name: "protection_keys");

            migrationBuilder.DropTable(
                name: "rented_numbers");

            migrationBuilder.DropTable(
                name: "sandbox_cards");

            migrationBuilder.DropTable(
                name: "sandbox_events");

            migrationBuilder.DropTable(
                name: "sandbox_intents");

            migrationBuilder.DropTable(
                name: "sandbox_refunds");

            migrationBuilder.DropTable(
                name: "sandbox_secrets");

            migrationBuilder.DropTable(
                name: "sandbox_sessions");

            migrationBuilder.DropTable(
                name: "saved_cards");

            migrationBuilder.DropTable(
                name: "spend_limit_notices");

            migrationBuilder.DropTable(
                name: "subscriptions");

            migrationBuilder.DropTable(
                name: "tier_counts");

            migrationBuilder.DropTable(
                name: "transactions");

            migrationBuilder.DropTable(
                name: "usage_days");

            migrationBuilder.DropTable(
                name: "usage_holds");

            migrationBuilder.DropTable(
                name: "usage_items");

            migrationBuilder.DropTable(
                name: "user_claims");

            migrationBuilder.DropTable(
                name: "user_logins");

            migrationBuilder.DropTable(
                name: "user_passkeys");

            migrationBuilder.DropTable(
                name: "user_tokens");

            migrationBuilder.DropTable(
                name: "wallet_days");

            migrationBuilder.DropTable(
                name: "webhook_attempts");

            migrationBuilder.DropTable(
                name: "grant_batches");

            migrationBuilder.DropTable(
                name: "invoices");

            migrationBuilder.DropTable(
                name: "wallets");

            migrationBuilder.DropTable(
                name: "organizations");

            migrationBuilder.DropTable(
                name: "users");

            migrationBuilder.DropTable(
                name: "webhook_deliveries");

            migrationBuilder.DropTable(
                name: "webhook_endpoints");
        }
    }
}
