//go:build linux

package faulttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/hibiken/asynq"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/providers/sandbox"
	"github.com/chancela/chancela/storage"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/marks"
)

// judge compares what chancela says with what the simulators know.
type judge struct {
	t         *testing.T
	sys       *system
	arena     *arena
	campaigns []campaignFile
	began     time.Time
	open      int64

	reports map[string]jobs.Report     // by key
	books   map[string][]sandbox.Entry // by key
	asked   map[string][]solicitation  // by key

	states                               map[string]int
	invitations, duplicates, lost, wrong int
	doubts, invitedDoubts, unknowable    int
	checked, badHashes                   int
	saidAgain                            string
	violations                           int
	verified                             string
}

// again enqueues everything once more: it must invite nobody.
func (j *judge) again() {
	args := []string{"enqueue"}
	for _, c := range j.campaigns {
		args = append(args, c.path)
	}
	out, err := j.sys.ask(j.t.Context(), args...)
	said := strings.Split(strings.TrimSpace(out), "\n")
	if err != nil || strings.Count(out, ": 0 envelopes enqueued") != len(j.campaigns) {
		j.t.Errorf("enqueued again: %s %v", out, err)
	}
	j.saidAgain = said[len(said)-1]
	// Whatever had been put on the queue is waited for before the invitations are counted.
	// Tasks of workers that were killed may stand there as active for minutes.
	inspector := asynq.NewInspectorFromRedisClient(j.arena.redis.db)
	for _, name := range registry.Names() {
		until(j.t, "nothing waits to be sent at "+name, patient, func(context.Context) bool {
			q, err := inspector.GetQueueInfo(queue.Name(name, pace.Send))
			return err == nil && q.Pending == 0
		})
	}
	j.open += waitForTheEnd(j.t, j.arena.redis, j.campaigns)
}

// plan sees that what was to be hurt was hurt.
func (j *judge) plan() {
	if n := j.arena.count(kill); n < *kills {
		j.t.Errorf("only %d of %d kills", n, *kills)
	}
	if n := j.arena.count(redisCrash); n < *redisCrashes {
		j.t.Errorf("only %d of %d crashes of Redis", n, *redisCrashes)
	}
	for _, w := range allWounds {
		if j.arena.count(w) == 0 && (w != redisCrash || *redisCrashes > 0) {
			j.t.Errorf("never: %s", w)
		}
	}
}

// read takes in what both sides say.
func (j *judge) read(home string) {
	j.reports, j.books, j.asked = map[string]jobs.Report{}, map[string][]sandbox.Entry{}, map[string][]solicitation{}
	for _, c := range j.campaigns {
		file := filepath.Join(home, c.name+".jsonl")
		if _, err := j.sys.ask(j.t.Context(), "report", c.name, "--format", "json", "--output", file); err != nil {
			j.t.Error(err)
			continue
		}
		f, err := os.Open(file)
		if err != nil {
			j.t.Error(err)
			continue
		}
		for d := json.NewDecoder(f); ; {
			var r jobs.Report
			if err := d.Decode(&r); err != nil {
				if err != io.EOF {
					j.t.Error(err)
				}
				break
			}
			j.reports[r.Campaign+"/"+r.ID] = r
		}
		f.Close()
	}
	bySubject := map[string]string{}
	for _, c := range j.campaigns {
		for _, r := range c.rows {
			bySubject[r.subject] = r.key()
		}
	}
	for _, e := range get[[]sandbox.Entry](j.t, j.sys.sim.Control+"/books") {
		key := e.Key
		if key == "" {
			key = bySubject[e.Title]
		}
		if key == "" {
			j.t.Errorf("%s has an envelope that nobody enqueued: %s", e.Provider, e.ID)
		}
		j.books[key] = append(j.books[key], e)
	}
	for _, s := range get[[]solicitation](j.t, j.sys.sim.Log+"/solicitations") {
		j.asked[s.Key] = append(j.asked[s.Key], s)
	}
}

// complain reports some of many errors of a kind.
func (j *judge) complain(n *int, format string, args ...any) {
	if *n++; *n <= 20 {
		j.t.Errorf(format, args...)
	}
}

// envelopes judges every row.
func (j *judge) envelopes() {
	j.states = map[string]int{}
	for _, c := range j.campaigns {
		for _, r := range c.rows {
			j.envelope(r)
		}
	}
}

func (j *judge) envelope(r row) {
	rep, known := j.reports[r.key()]
	if !known {
		j.complain(&j.lost, "%s is not in the ledger", r.key())
		return
	}
	j.states[rep.State]++
	invited := 0
	var sent *sandbox.Entry
	for _, e := range j.books[r.key()] {
		invited += e.Invitations
		if e.Invitations > 0 {
			sent = &e
		}
		if e.Reminders > 0 {
			j.complain(&j.wrong, "%s: %s reminded people", r.key(), r.provider)
		}
	}
	j.invitations += invited
	if invited > 1 {
		j.complain(&j.duplicates, "%s at %s: %d invitations", r.key(), r.provider, invited)
	}
	switch rep.State {
	case "in_doubt":
		j.doubt(r, rep, invited)
		return
	case "archived", "declined", "expired", "canceled":
	case "failed":
		j.complain(&j.wrong, "%s at %s has failed: %+v", r.key(), r.provider, rep.Error)
		return
	default:
		j.complain(&j.lost, "%s at %s is still %s: %+v", r.key(), r.provider, rep.State, rep.Error)
		return
	}
	if invited == 0 {
		j.complain(&j.wrong, "%s at %s is %s, and nobody was invited", r.key(), r.provider, rep.State)
		return
	}
	if want := ends[sent.State]; rep.State != want {
		j.complain(&j.wrong, "%s at %s is %s, there it is %s", r.key(), r.provider, rep.State, sent.State)
	}
	// Who means to sign does, unless the time ran out first: the simulators let nothing wait
	// for ever.
	if overdue := sent.EndedAt.Sub(sent.SentAt) >= 4*signAfter; r.intent == "sign" && rep.State != "archived" && !overdue {
		j.complain(&j.wrong, "%s at %s is %s, its people would sign", r.key(), r.provider, rep.State)
	}
	if rep.EnvelopeID != sent.ID {
		j.complain(&j.wrong, "%s at %s is another one there", r.key(), r.provider)
	}
}

// ends are the simulators' words for an end, and chancela's. Contraktor and QI Sign know only
// that a process was called off, whoever did it; of a solicitation that sDoc's owner deletes
// nothing is left.
var ends = map[string]string{
	"completed": "archived", "COMPLETED": "archived", "signed": "archived",
	"DECLINED": "declined", "rejected": "declined", "EXPIRED": "expired", "expired": "expired",
	"canceled": "canceled", "CANCELLED": "canceled", "deleted": "canceled",
}

// doubt judges an envelope that is in doubt: only at sDoc, and only when nobody could know.
func (j *judge) doubt(r row, rep jobs.Report, invited int) {
	j.doubts++
	if invited > 0 {
		j.invitedDoubts++
	}
	if r.provider != "sdoc" {
		j.complain(&j.wrong, "%s is in doubt at %s, which can be asked", r.key(), r.provider)
		return
	}
	if why := j.knowable(r.key()); why != "" {
		j.complain(&j.wrong, "%s is in doubt, although %s", r.key(), why)
		return
	}
	j.unknowable++
}

// knowable tells what chancela should have known of a solicitation, or nothing.
func (j *judge) knowable(key string) string {
	asked := j.asked[key]
	if len(asked) == 0 {
		// Nothing arrived: the worker that had the intent has died or was frozen before its
		// call left.
		at, err := j.markedAt(key)
		if errors.Is(err, archive.ErrNotFound) {
			return "it was not marked, so that its call has not left"
		}
		if err != nil {
			return err.Error()
		}
		if j.hurt(anyWorker, at.Add(-time.Second), at.Add(rest.SendWithin+2*time.Second)) {
			return ""
		}
		return "nothing arrived there and no worker was hurt"
	}
	s := asked[len(asked)-1]
	switch {
	case s.Status == 0, s.Status >= 500:
		return "" // broken, or an error that says nothing of the effect
	case s.Status >= 400:
		return fmt.Sprintf("it was refused with status %d", s.Status)
	}
	// Answered: then the process that asked never got to write it down.
	if j.hurt(s.Process, s.At.Add(-time.Second), s.Ended.Add(10*time.Second)) {
		return ""
	}
	return fmt.Sprintf("%s had an answer of status %d and nothing was done to it", s.Process, s.Status)
}

// markedAt is when the inviting call of an envelope was about to be made.
func (j *judge) markedAt(key string) (time.Time, error) {
	store, err := storage.Open(j.t.Context(), j.sys.env["CHANCELA_ARCHIVE_URL"])
	if err != nil {
		return time.Time{}, err
	}
	campaign, id, _ := strings.Cut(key, "/")
	m, _, err := marks.New(store).Last(j.t.Context(), campaign, id)
	return m.At, err
}

const anyWorker = "work" // begins all their names

// hurt tells whether a process, or any of all workers, was killed or frozen between two
// times.
func (j *judge) hurt(process string, from, to time.Time) bool {
	return slices.ContainsFunc(j.arena.hurts(), func(h hurt) bool {
		ours := h.process == process || process == anyWorker && strings.HasPrefix(h.process, anyWorker)
		return ours && (h.wound == kill || h.wound == stop || h.wound == stopLong) &&
			h.from.Before(to) && h.to.After(from)
	})
}

// verify lets chancela judge its own archive.
func (j *judge) verify() {
	out, err := j.sys.ask(j.t.Context(), "verify")
	if err != nil {
		j.t.Error(err)
	}
	j.verified = strings.TrimSpace(out)
}

// simulators sees whether a request contradicted a reference, or a forgery was believed.
func (j *judge) simulators() {
	for _, v := range get[[]sandbox.Violation](j.t, j.sys.sim.Control+"/violations") {
		j.complain(&j.violations, "%s", v)
	}
	for _, name := range registry.Names() {
		if d := get[sandbox.Deliveries](j.t, j.sys.sim.Control+"/deliveries/"+name); d.ForgedAccepted > 0 {
			j.t.Errorf("%s: %d of %d forged webhooks were believed", name, d.ForgedAccepted, d.Forged)
		}
	}
}

// table is what is remembered of a run.
func (j *judge) table() {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(name string, value any) { fmt.Fprintf(w, "%s\t%v\n", name, value) }
	rows := 0
	for _, c := range j.campaigns {
		rows += len(c.rows)
	}
	line("envelopes", rows)
	for _, state := range slices.Sorted(maps.Keys(j.states)) {
		line("  "+state, j.states[state])
	}
	line("invitations", j.invitations)
	line("duplicates", j.duplicates)
	line("lost", j.lost)
	line("not terminal in time", j.open)
	line("in doubt", j.doubts)
	line("  people were invited", j.invitedDoubts)
	line("  nobody could know", j.unknowable)
	line("wrong otherwise", j.wrong)
	line("artifacts checked", j.checked)
	line("  wrong hashes", j.badHashes)
	line("violations of references", j.violations)
	for _, what := range slices.Concat(allWounds, losses) {
		if j.arena.count(what) == 0 {
			continue
		}
		line(string(what), j.arena.count(what))
	}
	struck := get[map[sandbox.Fault]int](j.t, j.sys.sim.Log+"/struck")
	for _, f := range slices.Sorted(maps.Keys(struck)) {
		line("fault "+string(f), struck[f])
	}
	for _, name := range registry.Names() {
		if d := get[sandbox.Deliveries](j.t, j.sys.sim.Control+"/deliveries/"+name); d.Sent > 0 {
			line("webhooks of "+name, fmt.Sprintf("%d sent, %d delivered, %d lost, %d twice, %d forged", d.Sent, d.Delivered, d.Lost, d.Duplicated, d.Forged))
		}
	}
	line("enqueued again", j.saidAgain)
	line("verify", j.verified)
	line("duration", time.Since(j.began).Round(time.Second))
	w.Flush()
	j.t.Logf("\n%s", b.String())
}
