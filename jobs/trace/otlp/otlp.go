// Package otlp sends traces to an OpenTelemetry collector.
package otlp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
)

// Start sends traces over OTLP/HTTP when OTEL_EXPORTER_OTLP_ENDPOINT or
// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set, and does nothing otherwise. The other OTEL_
// variables (headers, sampler, service name) work as OpenTelemetry says. The returned
// function sends what is left; it is to be given time. The collector's certificate is judged
// by roots, when they are not nil, unless OTEL_EXPORTER_OTLP_CERTIFICATE names its own.
func Start(ctx context.Context, roots *x509.CertPool) (shutdown func(context.Context) error, err error) {
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" || os.Getenv("OTEL_SDK_DISABLED") == "true" {
		return func(context.Context) error { return nil }, nil
	}
	var options []otlptracehttp.Option
	if roots != nil && os.Getenv("OTEL_EXPORTER_OTLP_CERTIFICATE") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE") == "" {
		options = append(options, otlptracehttp.WithTLSClientConfig(&tls.Config{RootCAs: roots}))
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "chancela")), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter), trace.WithResource(about))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	return provider.Shutdown, nil
}
