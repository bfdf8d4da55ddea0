package catalisa

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// token is an access token. worked tells that the service has taken it at least once.
type token struct {
	value   string
	renewAt time.Time
	worked  atomic.Bool
}

// tokens gives the access token: the one that was configured, or one that is fetched
// with the client's credentials and renewed before it ends.
type tokens struct {
	given   *token       // nil: fetched ones
	iam     *rest.Client // without a pacer: its requests are no turns of e-signature
	id      string
	secret  providers.Secret
	lock    chan struct{} // holds one value while a token is fetched or dropped
	current *token

	refused error // the answer to the last call, while it says to come back later
	until   time.Time
}

// defaultLifetime is that of an access token (reference §3.1), for an answer that does
// not say.
const defaultLifetime = time.Hour

// get gives a token that is good for a while. Whoever finds it missing fetches it, one
// at a time, and not before the service wants to be asked again.
func (t *tokens) get(ctx context.Context) (*token, error) {
	if t.given != nil {
		return t.given, nil
	}
	if err := t.take(ctx); err != nil {
		return nil, err
	}
	defer t.leave()
	if t.current != nil && time.Now().Before(t.current.renewAt) {
		return t.current, nil
	}
	if time.Now().Before(t.until) {
		return nil, t.refused
	}
	fresh, err := t.fetch(ctx)
	if e, ok := errors.AsType[*providers.Error](err); ok {
		t.refused, t.until = err, e.Until
	}
	if err != nil {
		return nil, err
	}
	t.current = fresh
	return fresh, nil
}

// drop forgets a token that the service has refused.
func (t *tokens) drop(ctx context.Context, refused *token) error {
	if err := t.take(ctx); err != nil {
		return err
	}
	defer t.leave()
	if t.current == refused {
		t.current = nil
	}
	return nil
}

func (t *tokens) take(ctx context.Context) error {
	select {
	case t.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &providers.Error{Kind: providers.Interrupted, Provider: Name, Op: "POST /oauth/token", Err: ctx.Err()}
	}
}

func (t *tokens) leave() { <-t.lock }

// fetch is POST /oauth/token with a JSON body (reference §3.1). The token is renewed
// when a fifth of its life is left.
func (t *tokens) fetch(ctx context.Context) (*token, error) {
	asked := time.Now()
	var out tokenAnswer
	r := rest.Request{
		Class: pace.Send, Method: http.MethodPost, Path: "/oauth/token",
		Body: rest.JSONBody(tokenRequest{"client_credentials", t.id, t.secret.Reveal()}),
	}
	err := t.iam.JSON(ctx, r, &out)
	if k := providers.KindOf(err); err != nil && (k == providers.Invalid || k == providers.NotFound) {
		// Whatever the status: without a token nothing works for any envelope.
		return nil, providers.Reread(err, providers.Denied, "")
	}
	if err != nil {
		return nil, err
	}
	if out.AccessToken == "" {
		return nil, t.iam.BadAnswer(r, "the answer has no access_token")
	}
	life := time.Duration(out.ExpiresIn * float64(time.Second))
	if life <= 0 || life > 24*time.Hour {
		life = defaultLifetime
	}
	return &token{value: out.AccessToken, renewAt: asked.Add(life * 4 / 5)}, nil
}
