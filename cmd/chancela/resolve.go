package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

func newResolve(sys *system) *cobra.Command {
	var sent, idsFrom string
	var notSent bool
	var dry dryRun
	cmd := &cobra.Command{
		Use:   "resolve CAMPAIGN {ID --sent ENVELOPE_ID | ID... --not-sent | --ids-from FILE [--not-sent]}",
		Short: "Settle envelopes that are in doubt",
		Long: `Resolve settles envelopes whose invitation may or may not have reached the provider, after
somebody has looked there: one was sent, under the provider's id, or it was not and goes back
to the queue. A worker looks the id up first; when none can, it is taken unchecked until the
next look. An envelope that was resolved wrongly can be resolved again.

A file names many of them, one a line: ID,ENVELOPE_ID for those that were sent, or with
--not-sent an ID alone. One that is refused keeps no other from being resolved.`,
		Example: `  chancela resolve june 0017 --sent 3f2a91c0
  chancela resolve june 0017 0018 0021 --not-sent
  chancela resolve june --ids-from sent.csv`,
		Args: arguments(1, -1),
		PreRunE: func(_ *cobra.Command, args []string) error {
			ids := len(args) - 1
			switch {
			case idsFrom != "" && (ids > 0 || sent != ""):
				return usage("resolve: --ids-from names the envelopes and their ids: leave out ID and --sent")
			case idsFrom != "":
			case ids == 0:
				return usage("resolve: name envelopes, or a file of them with --ids-from")
			case (sent != "") == notSent:
				return usage("resolve: want either --sent ENVELOPE_ID or --not-sent")
			case sent != "" && ids > 1:
				return usage("resolve: --sent is the id of one envelope; --ids-from takes a file of many")
			}
			return nil
		},
		DisableFlagsInUseLine: true,
	}
	cmd.Flags().StringVar(&sent, "sent", "", "it was sent: the provider's id of the envelope")
	cmd.Flags().BoolVar(&notSent, "not-sent", false, "they were not sent")
	cmd.Flags().StringVar(&idsFrom, "ids-from", "", "a file with ID,ENVELOPE_ID a line, or ID with --not-sent")
	dry.add(cmd)
	return sys.steering(cmd, func(ctx context.Context, c *jobs.Client, args []string) (answer, error) {
		resolve := resolveOne
		if dry {
			resolve = wouldResolveOne
		}
		if idsFrom == "" && len(args) == 2 {
			return resolve(ctx, c, jobs.Key{Campaign: args[0], ID: args[1]}, sent)
		}
		rulings, err := rulingsOf(args[1:], idsFrom, notSent)
		if err != nil {
			return answer{}, err
		}
		done, err := sys.resolveAll(ctx, c, args[0], rulings, resolve)
		if done.fields == nil || !dry {
			return done, err
		}
		n := done.fields["resolved"].(int)
		done.text = lang.N(n, "%d envelope would be resolved", "%d envelopes would be resolved")
		return dryAnswer(done), err
	})
}

// ruling is what somebody has found out about an envelope: the provider's id, or that it was
// not sent.
type ruling struct{ id, envelopeID string }

// rulingsOf are those of a file; without one, that envelopes were not sent.
func rulingsOf(ids []string, file string, notSent bool) (rulings []ruling, err error) {
	if file != "" {
		return readRulings(file, notSent)
	}
	for _, id := range ids {
		rulings = append(rulings, ruling{id, ""})
	}
	return rulings, nil
}

// readRulings reads a file of them, and takes it as a whole or not at all.
func readRulings(path string, notSent bool) ([]ruling, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usage("--ids-from: cannot read %s: %w", path, cause(err))
	}
	defer f.Close()
	var rulings []ruling
	lines := map[string]int{}
	n := 0
	bad := func(format string, args ...any) error {
		return usage("%s: %v", path, lang.Of("line %d: %v", n, lang.Of(format, args...)))
	}
	in := bufio.NewScanner(f)
	for in.Scan() {
		n++
		line := strings.TrimSpace(strings.TrimPrefix(in.Text(), "\ufeff"))
		if line == "" {
			continue
		}
		v := ruling{id: line}
		if at := strings.IndexAny(line, ",;\t"); at >= 0 {
			v = ruling{strings.TrimSpace(line[:at]), strings.TrimSpace(line[at+1:])}
		}
		switch {
		case !intake.ValidID(v.id):
			return nil, bad("an envelope's id has 1 to 100 letters, digits, dots, underscores or hyphens")
		case lines[v.id] > 0:
			return nil, bad("%s stands in line %d already", v.id, lines[v.id])
		case notSent && v.envelopeID != "":
			return nil, bad("an id of the provider contradicts what is asked: want the ID alone")
		case !notSent && v.envelopeID == "":
			return nil, bad("want ID,ENVELOPE_ID, or --not-sent")
		case strings.ContainsAny(v.envelopeID, ",;\t\""):
			return nil, bad("want ID,ENVELOPE_ID and nothing more, without quotes")
		}
		lines[v.id] = n
		rulings = append(rulings, v)
	}
	if err := in.Err(); err != nil {
		n++
		return nil, bad("cannot be read: %w", err)
	}
	if len(rulings) == 0 {
		return nil, usage("--ids-from: %s names no envelope", path)
	}
	return rulings, nil
}

// resolveOne settles one envelope.
func resolveOne(ctx context.Context, c *jobs.Client, key jobs.Key, envelopeID string) (answer, error) {
	unchecked, err := c.Resolve(ctx, key, envelopeID)
	if err != nil {
		return answer{}, err
	}
	a := answer{lang.Of("%s is sent", key), map[string]any{"campaign": key.Campaign, "id": key.ID, "state": "sent", "unchecked": unchecked}}
	switch {
	case envelopeID == "":
		a = answer{lang.Of("%s is back in the queue", key), map[string]any{"campaign": key.Campaign, "id": key.ID, "state": "queued", "unchecked": false}}
	case unchecked:
		a.text = lang.Of("%s is sent, unchecked: nobody could look the id up; the next look confirms it, and until then it can be resolved again", key)
	}
	return a, nil
}

// resolver settles an envelope, or says what would become of it.
type resolver = func(ctx context.Context, c *jobs.Client, key jobs.Key, envelopeID string) (answer, error)

// resolveAll settles many, and goes on after a refusal.
func (s *system) resolveAll(ctx context.Context, c *jobs.Client, campaign string, rulings []ruling, resolve resolver) (answer, error) {
	done, refused := 0, 0
	for _, v := range rulings {
		key := jobs.Key{Campaign: campaign, ID: v.id}
		a, err := resolve(ctx, c, key, v.envelopeID)
		switch {
		case err == nil:
			done++
			s.tell("envelope", a.fields, a.text)
		case errors.Is(err, jobs.ErrNotNow), errors.Is(err, jobs.ErrUnknownID), errors.Is(err, ledger.ErrNotFound):
			refused++
			s.tell("envelope", map[string]any{"campaign": campaign, "id": v.id, "error": err.Error()}, lang.Of("%s is not resolved: %v", key, err))
		default:
			return answer{}, lang.Errorf("%d of %v resolved: %w", done, count(len(rulings), "envelope"), err)
		}
	}
	a := answer{lang.N(done, "%d envelope resolved", "%d envelopes resolved"), map[string]any{"campaign": campaign, "resolved": done, "refused": refused}}
	if refused > 0 {
		return a, lang.Errorf("%v not resolved", count(refused, "envelope"))
	}
	return a, nil
}
