package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

var errNoLinks = errors.New("no link is kept")

func newLinks(sys *system) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "links CAMPAIGN",
		Short: "Where the signers of sent envelopes sign",
		Long: `Links prints the signing links of a campaign's sent envelopes as CSV: id, signer, link, and
what it shows: signing by that signer, or the envelope, which is nobody's alone. Whoever
holds a link can sign in that person's name. Links are kept only by workers with
CHANCELA_KEEP_LINKS=yes, where the provider tells them (Certyneo when it is sent, Catalisa and
QI Sign when an envelope is looked at), and only until the envelope ends.`,
		Example: `  chancela links june > june-links.csv
  chancela links june --output june-links.csv`,
		GroupID:           groupMain,
		Args:              arguments(1, 1),
		ValidArgsFunction: sys.completeCampaign,
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := sys.openLedger(cmd.Context(), "links")
			if err != nil {
				return err
			}
			defer e.Close()
			if err := insistCampaign(cmd.Context(), e.client.Ledger(), args[0]); err != nil {
				return err
			}
			c, err := e.client.Ledger().Campaign(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			n, err := sys.writeLinks(cmd.Context(), e.client, args[0], output)
			if err != nil {
				return err
			}
			if n == 0 {
				none := noLinks(c, e.cfg.KeepLinks == yes)
				sys.note("warning", map[string]any{"message": none}, none)
			}
			sys.come(map[string]any{"campaign": args[0], "links": n}, lang.Text{})
			return nil
		},
	}
	cmd.Flags().StringVar(&output, "output", "", "write the CSV to this file, which only its owner may read")
	return cmd
}

// noLinks says that a campaign has no link, and why that may be.
func noLinks(c ledger.Campaign, kept bool) lang.Text {
	switch {
	case c.States[ledger.Sent] == 0:
		return lang.Of("no signing link is kept for %s: none of its envelopes is with its signers, and links are kept only for as long as one is", c.Name)
	case !kept:
		return lang.Of("no signing link is kept for %s: workers keep them with %sKEEP_LINKS=yes", c.Name, prefix)
	}
	return lang.Of("no signing link is kept for %s: workers keep them that have had %sKEEP_LINKS=yes since before the invitation, of certyneo, catalisa and qisign; the others tell none", c.Name, prefix)
}

// writeLinks writes none of a file, nor of a header, where there is no link.
func (s *system) writeLinks(ctx context.Context, client *jobs.Client, name, output string) (n int, err error) {
	links := client.Links(ctx, name)
	switch {
	case output != "":
		err = writeFile(output, func(w io.Writer) (err error) {
			if n, err = campaign.WriteLinks(w, links); n == 0 && err == nil {
				return errNoLinks
			}
			return err
		})
		if errors.Is(err, errNoLinks) {
			err = nil
		}
	case s.json:
		for l, err := range links {
			if err != nil {
				return n, err
			}
			s.print("link", l)
			n++
		}
	default:
		n, err = campaign.WriteLinks(s.stdout, links)
	}
	return n, err
}
