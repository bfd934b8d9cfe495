# A static binary, the certificates to talk to AWS with, and nothing else.
#
#   docker build --build-arg VERSION=v0.1.0 -t straytoken .
#   docker run --read-only -v straytoken:/var/lib/straytoken straytoken run --stream cloudtrail

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/straytoken ./cmd/straytoken \
 && mkdir /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/straytoken /straytoken
# The only folder that is written to: dead letters, and findings if a file is configured.
COPY --from=build --chown=65532:65532 /out/data /var/lib/straytoken
WORKDIR /var/lib/straytoken
VOLUME ["/var/lib/straytoken"]
USER 65532:65532
# Probes and metrics listen on the container's loopback unless --listen says otherwise.
EXPOSE 9464
HEALTHCHECK --interval=30s --timeout=6s --start-period=60s --retries=3 CMD ["/straytoken", "health"]
ENTRYPOINT ["/straytoken"]
