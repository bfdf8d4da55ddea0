package trace

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// One trace leads from enqueue through the workers to the archive: its parent stands in
// the ledger, not in task payloads. Without an exporter all of this does nothing.
var tracer = otel.Tracer("github.com/chancela/chancela/jobs")

func Parent(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	c := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, c)
	return c["traceparent"]
}

func Start(ctx context.Context, parent, name string) (context.Context, trace.Span) {
	if parent != "" {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": parent})
	}
	return tracer.Start(ctx, name)
}
