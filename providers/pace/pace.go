// Package pace gives every request to a provider its turn, so that all processes
// together keep to the limit of the provider's account: at it, never over it.
package pace

import (
	"context"
	"time"
)

// Class is what a request is for. Each has a guaranteed share of a provider's rate,
// and what one does not use the others may.
type Class string

// The classes of request.
const (
	Send  Class = "send"  // prepare, invite, settle, cancel, remind
	Look  Class = "look"  // status
	Fetch Class = "fetch" // artifacts
	Steer Class = "steer" // what an operator has asked for: takes the next free turn
)

type steering struct{}

// Steering marks what is done for an operator who waits: its requests are of the class
// [Steer], whatever they do.
func Steering(ctx context.Context) context.Context { return context.WithValue(ctx, steering{}, true) }

// ClassOf is the class of a request: Steer under [Steering].
func ClassOf(ctx context.Context, class Class) Class {
	if ctx.Value(steering{}) != nil {
		return Steer
	}
	return class
}

// Pacer hands out turns for one provider.
type Pacer interface {
	// Turn waits until a request of the class may leave. A wait that is longer than the
	// pacer's longest is not begun, or ends: the error is then a [LaterError]. It ends
	// with the context's error when the context ends first. Who gets a turn tells what
	// becomes of it.
	Turn(context.Context, Class) (*Turn, error)

	// Pause keeps every request of all processes back until the given time: the
	// provider has said so in a Retry-After.
	Pause(ctx context.Context, until time.Time) error
}

// LaterError says that the next turn is too far away to wait for.
type LaterError struct{ Until time.Time }

func (e *LaterError) Error() string {
	return "no turn before " + e.Until.UTC().Format(time.RFC3339)
}

// Unlimited is a Pacer without a limit, for downloads outside the API and for tests.
type Unlimited struct{}

// Turn returns at once.
func (Unlimited) Turn(ctx context.Context, _ Class) (*Turn, error) { return nil, ctx.Err() }

// Pause does nothing.
func (Unlimited) Pause(context.Context, time.Time) error { return nil }
