package worker

import (
	"context"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// keepLinks keeps the signing links of an envelope; nil where nobody has asked for them. One
// that cannot be kept holds up nothing.
func (w *Worker) keepLinks(key string) providers.KeepLinks {
	if !w.cfg.KeepLinks {
		return nil
	}
	return func(ctx context.Context, links []providers.Link) {
		kept := make([]ledger.Link, len(links))
		for i, l := range links {
			kept[i] = ledger.Link{Signer: l.Signer, Email: l.Email, Address: l.Address.Reveal()}
		}
		if err := w.ledger.KeepLinks(detached(ctx), key, kept); err != nil {
			w.log.WarnContext(ctx, "signing links could not be kept", "envelope", key, "error", err)
		}
	}
}

// wantsLooks tells whether each envelope needs a look of its own: the provider's list does
// not tell the links that are to be kept.
func (w *Worker) wantsLooks(config ProviderConfig) bool {
	return w.cfg.KeepLinks && config.Provider.Info().LooksTellLinks
}
