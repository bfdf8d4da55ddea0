package intake

import (
	"context"
	"slices"

	"github.com/chancela/chancela/providers"
)

// Checked is an envelope in which a [Judge] has found nothing wrong, in normal form and with its documents
// measured. It shares nothing with the one that was judged, which may be changed. Only [Judge.Checked] makes one, so who is given it need not judge again.
type Checked struct {
	envelope providers.Envelope
	checked  bool
}

// Envelope is the one that was checked; false: there is none, for this is the zero value, or the one that
// comes with problems.
func (c Checked) Envelope() (providers.Envelope, bool) { return c.envelope, c.checked }

// Checked is [Judge.Check] with a proof that nothing is wrong. There is none from a nil Judge, nor where a rule was
// silent because found knew of something, as what that was is not this judge's to tell.
func (j *Judge) Checked(ctx context.Context, e *providers.Envelope, found func(column string) bool) (Checked, providers.Problems, error) {
	silent := false
	problems, err := j.Check(ctx, e, func(column string) bool {
		known := found != nil && found(column)
		silent = silent || known
		return known
	})
	if err != nil || j == nil || silent || len(problems) > 0 {
		return Checked{}, problems, err
	}
	if unusable(e) {
		return Checked{}, nil, nil
	}
	return Checked{e.Clone(), true}, nil, nil
}

// unusable tells whether a file of an envelope is [Unusable].
func unusable(e *providers.Envelope) bool {
	is := func(d *providers.Document) bool { return d != nil && d.SHA256 == Unusable.SHA256 }
	return slices.ContainsFunc(e.Documents, func(d providers.Document) bool { return is(&d) }) ||
		slices.ContainsFunc(e.Signers, func(s providers.Signer) bool { return is(s.IDFront) || is(s.IDBack) })
}
