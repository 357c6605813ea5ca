# docker build -t billing-portal . && docker run -p 8080:8080 -v billing-data:/data billing-portal
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source

# What restore reads, first: a change of code alone leaves the downloaded packages in their layer.
COPY global.json Directory.Build.props Directory.Build.targets Directory.Packages.props ./
COPY build/ build/
COPY BillingPortal/BillingPortal.csproj BillingPortal/
RUN dotnet restore BillingPortal

COPY .editorconfig appsettings.json ./
COPY BillingPortal/ BillingPortal/
RUN dotnet publish BillingPortal --no-restore --configuration Release --output /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
RUN apt-get update \
    && apt-get install -y --no-install-recommends libsqlite3-0 fonts-lato \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o "$APP_UID" /data
COPY --from=build /app /app

# Listens on 8080, the image's own default. SQLite and its file are for one container; compose.yaml shows PostgreSQL.
ENV Database__Provider=Sqlite \
    ConnectionStrings__Billing="Data Source=/data/billing.db"
VOLUME /data
EXPOSE 8080
USER $APP_UID
HEALTHCHECK --start-period=30s --interval=10s --timeout=5s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/localhost/8080 && printf 'GET /health/ready HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r status <&3 && [[ $status == *' 200 '* ]]"]
WORKDIR /app
ENTRYPOINT ["dotnet", "BillingPortal.dll"]
