using Microsoft.Extensions.Hosting;

// Started by dotnet ef alone, which looks for a host before it turns to the factories beside this file:
// dotnet ef migrations add Name --project BillingPortal --startup-project tools/BillingPortal.Design \
//   --context SqliteBillingDbContext --output-dir Store/Migrations/Sqlite      (and the same for Postgres)
Host.CreateEmptyApplicationBuilder(null).Build();
