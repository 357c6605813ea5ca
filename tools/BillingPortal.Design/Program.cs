Console.WriteLine("Start through dotnet ef: --project BillingPortal --startup-project tools/BillingPortal.Design -- sqlite|postgres");
