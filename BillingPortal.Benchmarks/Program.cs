Console.WriteLine("Usage: dotnet run -c Release --project BillingPortal.Benchmarks -- <benchmark>");
