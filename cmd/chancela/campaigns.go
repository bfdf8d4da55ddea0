package main

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/ledger"
)

// campaignFlags are those of the commands that read campaign files.
type campaignFlags struct {
	campaign    string
	provider    string
	skipInvalid bool
	again       bool
	sheet       sheetFlags
	first       int
	hours       hourFlags
	reminders   reminderFlags
}

func (f *campaignFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.campaign, "campaign", "", "name of the campaign (default: the file's name without its ending)")
	cmd.Flags().StringVar(&f.provider, "provider", "", "provider of rows that have no provider column: "+strings.Join(registry.Names(), ", "))
	_ = cmd.RegisterFlagCompletionFunc("provider", cobra.FixedCompletions(registry.Names(), cobra.ShellCompDirectiveNoFileComp))
	f.sheet.add(cmd)
}

func (f *campaignFlags) addAgain(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.again, "again", false, "also send what another campaign sends: the same documents to the same people")
}

// addTaking adds those of the commands that take rows into the queue.
func (f *campaignFlags) addTaking(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.skipInvalid, "skip-invalid", false, "take the good rows, and write the others with reasons to FILE.rejected.csv")
	f.addAgain(cmd)
	cmd.Flags().IntVar(&f.first, "first", 0, "send the first N rows of each provider, and the others when those are archived, or the campaign is resumed")
	f.hours.add(cmd)
	f.reminders.add(cmd)
}

// valid tells all that is wrong with the options, and the hours that they are in a time zone.
func (f *campaignFlags) valid(zone timeZone) (hours.Settings, error) {
	var wrong []error
	if f.first < 0 {
		wrong = append(wrong, usage("--first: want a number of rows, from 1"))
	}
	f.campaign = norm.NFC.String(f.campaign) // as the envelopes have it
	if f.campaign != "" && !intake.ValidCampaign(f.campaign) {
		wrong = append(wrong, usage("--campaign: a name begins with a letter or digit and has 1 to 100 letters, digits, dots, underscores or hyphens"))
	}
	if f.provider != "" && !registry.Known(f.provider) {
		wrong = append(wrong, usage("--provider: %q is not one of %s", f.provider, strings.Join(registry.Names(), ", ")))
	}
	set, err := f.hours.in(zone)
	wrong = append(append(wrong, err, f.reminders.valid()), f.sheet.valid()...)
	return set, wrongFlags(wrong...)
}

// campaignFiles reads campaign files in passes: one that checks, one that enqueues.
type campaignFiles struct {
	names     []string
	flags     campaignFlags
	judge     *intake.Judge
	sources   jobs.OpenSource
	archive   string
	hours     hours.Settings
	columns   map[string]campaign.Columns // by file: headings that were told
	documents map[string]*campaign.Folder // by file: what the first pass has read, the second knows
	remarks   intake.Remarks              // what people must know of the good rows
	each      bool                        // every mistake is told, for programs
	programs  bool                        // it is told to programs
	headings  []string                    // of all files
	personal  int                         // good rows of the file that is checked whose ids are CPFs or CNPJs
	unread    bool                        // the headings of some file are not known

	refused  []string                // files of which no row can be taken
	language lang.Language           // of what is written into files
	asking   map[string]*jobs.Asking // by campaign, of the good rows
	asked    asked                   // of those, what is left out because another envelope has asked
}

func newCampaignFiles(cfg *config, names []string, flags campaignFlags, judges []providers.Provider) (*campaignFiles, error) {
	set, err := flags.valid(cfg.TZ)
	if err != nil {
		return nil, err
	}
	f := &campaignFiles{names: names, flags: flags, judge: intake.NewJudge(judges, cfg.sources(), cfg.TZ.Location), sources: cfg.sources(), language: lang.For(cfg.Lang.Tag), archive: cfg.ArchiveURL, hours: set, documents: map[string]*campaign.Folder{},
		columns: map[string]campaign.Columns{}, asking: map[string]*jobs.Asking{}}
	for _, name := range names {
		if f.columns[name], err = flags.sheet.columnsOf(name); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *campaignFiles) options(file string, seen *campaign.Seen) campaign.Options {
	folder, ok := f.documents[file]
	if !ok {
		if dir := f.flags.sheet.documents; dir != "" {
			folder = campaign.NewFolder(dir, f.sources)
			folder.Called(dir)
		} else {
			folder = campaign.NewFolder(filepath.Dir(file), f.sources)
		}
		folder.Except(f.archive)
		f.documents[file] = folder
	}
	return campaign.Options{Campaign: f.flags.campaign, Provider: f.flags.provider, Document: folder.Document, Seen: seen,
		Judge: f.judge, Calls: f.calls, Sheet: f.flags.sheet.sheet, Columns: f.columns[file], Patterns: f.flags.sheet.patterns, Language: f.language}
}

// tell is how something is said: [system.tell] or [system.note].
type tell = func(kind string, object any, text lang.Sayer)

// tellLeftOut says what services have no place for, and what else people must know. Of envelopes that are
// all known, for which it was said before, it says only who is not reminded.
func (f *campaignFiles) tellLeftOut(known bool, tell tell) {
	for _, r := range f.remarks.List(f.flags.reminders.After != "") {
		switch {
		case r.Code == intake.NotReminded:
			tell(r.Code, map[string]any{"provider": r.Provider, "envelopes": r.Envelopes, "ids": r.IDs}, lang.Of("%v (%s)", r.Text, firstOf(r.IDs, r.Envelopes)))
		case known:
		case r.Code == intake.LeftOut:
			tell(r.Code, map[string]any{"provider": r.Provider, "column": r.Column, "envelopes": r.Envelopes}, r.Text)
		case r.Code == intake.Noted:
			tell(r.Code, map[string]any{"message": r.Text.String(), "envelopes": r.Envelopes}, lang.Of("%v (%v)", r.Text, count(r.Envelopes, "envelope")))
		} // ids that are people's were told of each file
	}
}

// calls counts the requests of a good row, and notes what of it is left out and whom it
// invites.
func (f *campaignFiles) calls(e providers.Envelope) int {
	if invitation, ok := intake.InvitationOf(e); ok {
		f.askingOf(e.Campaign).Add(invitation, e.ID)
	}
	if intake.PersonalID(e) {
		f.personal++
	}
	judge := f.judge.Provider(e.Provider) // a good row has one
	f.remarks.Add(e, judge)
	if c, ok := judge.(providers.RequestEstimator); ok {
		return c.Requests(e)
	}
	return campaign.GeneralCalls(e)
}

// seenBy is what finds ids that stand twice: over all files but the rejected ones, whose
// rows stand in a campaign file, too.
func (f *campaignFiles) seenBy(name string, all *campaign.Seen) *campaign.Seen {
	if campaign.RejectedPath(name) == name {
		return campaign.NewSeen()
	}
	return all
}

// check reads all files through and tells every problem.
func (f *campaignFiles) check(ctx context.Context, tell tell) (campaign.Summary, error) {
	total, kinds := campaign.Summary{Providers: map[string]campaign.Load{}}, mistakeKinds{}
	seen, repeated, doubted := campaign.NewSeen(), 0, 0
	for _, name := range f.names {
		options := f.options(name, f.seenBy(name, seen))
		var read campaign.Reading
		document := false // something is wrong with one
		var absent absentDocuments
		options.Read = func(r campaign.Reading) {
			if read = r; r.String() != "" {
				tell("read", r, r)
			}
		}
		options.Repeated = func(p campaign.Problem) {
			if repeated++; repeated <= maxListed {
				tell("repeated", p, p)
			}
		}
		options.Doubted = func(p campaign.Problem) {
			if doubted++; doubted <= maxListed {
				tell("doubt", p, lang.Of("warning: %v", p))
			}
		}
		s, err := campaign.Check(ctx, []string{name}, options, func(p campaign.Problem) {
			document = document || p.Name == "document"
			switch {
			case !f.programs && p.Absent():
				absent = append(absent, p)
			case f.each || kinds.listed(p):
				tell("problem", p, p)
			}
		})
		if err != nil {
			return total, err
		}
		kinds.tell(func(text lang.Text) { tell("more", nil, text) })
		kinds = mistakeKinds{}
		absent.tell(name, tell)
		f.tellHints(name, read, document, tell)
		f.tellPersonal(name, s.Good, tell)
		f.saw(read)
		if s.Refused > 0 {
			f.refused = append(f.refused, name)
			total.Refused++
		}
		addChecked(&total, s)
	}
	if err := f.insistHeadings(); err != nil {
		return total, err
	}
	if more := repeated - maxListed; more > 0 {
		tell("more", map[string]any{"rows": more}, lang.N(more, "and %d more row that asks the same people again", "and %d more rows that ask the same people again"))
	}
	if more := doubted - maxListed; more > 0 {
		tell("more", map[string]any{"doubts": more}, lang.N(more, "and %d more that is probably not meant", "and %d more that are probably not meant"))
	}
	return total, nil
}

// addChecked adds what was found in a file that could be read.
func addChecked(total *campaign.Summary, s campaign.Summary) {
	total.Files += s.Files
	total.Rows += s.Rows
	total.Good += s.Good
	total.Bad += s.Bad
	total.Problems += s.Problems
	for p, l := range s.Providers {
		sum := total.Providers[p]
		total.Providers[p] = campaign.Load{Envelopes: sum.Envelopes + l.Envelopes, Calls: sum.Calls + l.Calls}
	}
}

// insistedFiles are campaign files that were checked by the providers that they may go to.
func insistedFiles(ctx context.Context, sys *system, cfg *config, names []string, flags campaignFlags) (*campaignFiles, []providers.Provider, error) {
	cfg.learnFirst(ctx)
	judges, err := cfg.judges(judgesFor(cfg))
	if err != nil {
		return nil, nil, err
	}
	files, err := newCampaignFiles(cfg, names, flags, judges)
	if err != nil {
		return nil, nil, err
	}
	files.each, files.programs = sys.json || !sys.terminal, sys.json
	return files, judges, files.insist(ctx, sys.note)
}

// insist checks all files and refuses them when something is wrong: with --skip-invalid
// only when nothing is left.
func (f *campaignFiles) insist(ctx context.Context, note tell) error {
	if err := f.distinct(); err != nil {
		return err
	}
	s, err := f.check(ctx, note)
	if err != nil {
		return err
	}
	switch {
	case s.Problems == 0:
		return nil
	case s.Good == 0 && (!f.flags.skipInvalid || len(f.refused) == len(f.names)): // else all rows are rejected ones
		return usage("%s in %s, and no valid row: nothing was enqueued", count(s.Problems, "problem"), count(s.Files, "file"))
	case !f.flags.skipInvalid:
		return usage("%s in %s; nothing was enqueued (--skip-invalid takes the %s)",
			count(s.Problems, "problem"), count(s.Files, "file"), count(s.Good, "valid row"))
	}
	return nil
}

// distinct refuses campaign files whose rejected rows would be in the same file.
func (f *campaignFiles) distinct() error {
	if !f.flags.skipInvalid {
		return nil
	}
	by := map[string]string{}
	for _, name := range f.names {
		path := campaign.RejectedPath(filepath.Clean(name))
		if other, ok := by[path]; ok && path != filepath.Clean(name) {
			return usage("the rows of %s and %s that are not taken would both be in %s: give one file after the other", other, name, path)
		}
		if path != filepath.Clean(name) {
			by[path] = name
		}
	}
	return nil
}

// enqueued is what became of all files.
type enqueued struct {
	campaigns []string
	sums      map[string]*jobs.Summary // by campaign
	left      []campaign.Left
	ids       []leftIDs // of the rows of left
	archive   string
}

// conflicts is how many rows were refused for what the ledger has.
func (e enqueued) conflicts() int {
	n := 0
	for _, s := range e.sums {
		n += len(s.Conflicts)
	}
	return n
}

// enqueue puts all files into the queue. Envelopes whose id is taken by other content are
// told and leave the others alone.
func (f *campaignFiles) enqueue(ctx context.Context, c *jobs.Client, note tell) (enqueued, error) {
	all := enqueued{sums: map[string]*jobs.Summary{}, archive: c.Archive().String()}
	seen := campaign.NewSeen()
	for _, name := range f.names {
		if slices.Contains(f.refused, name) {
			continue // the check has said why
		}
		sum, err := f.enqueueFile(ctx, c, name, f.seenBy(name, seen), &all, note)
		if err == nil && len(sum.Conflicts) > 0 {
			err = f.explain(ctx, c, name, sum.Conflicts, note)
		}
		if err != nil {
			return all, err
		}
	}
	for i := range all.left { // when all files are in: one of them may be the mended rows
		var err error
		if all.left[i].Known, err = all.ids[i].known(ctx, c); err != nil {
			return all, err
		}
	}
	return all, nil
}

func (f *campaignFiles) enqueueFile(ctx context.Context, c *jobs.Client, name string, seen *campaign.Seen, all *enqueued, note tell) (sum jobs.Summary, err error) {
	r, err := campaign.Open(name, f.options(name, seen))
	if err != nil {
		return sum, err
	}
	defer r.Close()
	if p := r.Problems(); len(p) > 0 { // the file has changed since it was checked
		return sum, usage("%v", p[0])
	}
	if all.sums[r.Campaign()] == nil {
		all.campaigns = append(all.campaigns, r.Campaign())
		all.sums[r.Campaign()] = &jobs.Summary{}
	}
	if err := c.CheckFirst(ctx, r.Campaign(), f.flags.first); errors.Is(err, jobs.ErrBegun) {
		return sum, usage("--first: %s was enqueued already, without it: leave it out; chancela pause %s holds back what is not sent", r.Campaign(), r.Campaign())
	} else if err != nil {
		return sum, err
	}
	if err := f.tellEnded(ctx, c, r.Campaign(), note); err != nil {
		return sum, err
	}
	if err := errors.Join(c.SetHours(ctx, r.Campaign(), f.hours), c.SetReminders(ctx, r.Campaign(), f.flags.reminders.Reminders)); err != nil {
		return sum, err
	}
	if err := keepColumns(name, f.flags.sheet.columns, note); err != nil {
		return sum, err
	}
	rejected, ids := campaign.NewRejected(r), leftIDs{campaign: r.Campaign()}
	sum, err = c.EnqueueAllChecked(ctx, r.Campaign(), f.flags.first, f.rows(ctx, r, func(row campaign.Row) error {
		ids.add(row)
		return rejected.Write(row)
	}))
	all.sums[r.Campaign()].Add(sum)
	left, closing := rejected.Close(ctx)
	left.Campaign = f.flags.campaign
	if left.Rows > 0 && closing == nil {
		all.left, all.ids = append(all.left, left), append(all.ids, ids)
	}
	return sum, errors.Join(err, closing)
}

// rows gives the envelopes of a file's good rows, and has the others kept.
func (f *campaignFiles) rows(ctx context.Context, r *campaign.Reader, keep func(campaign.Row) error) jobs.CheckedSource {
	return func(yield func(intake.Checked, error) bool) {
		for row, err := range r.Rows(ctx) {
			if by, ok := f.asked.of(row.Envelope); err == nil && len(row.Problems) == 0 && ok {
				row.Problems = []campaign.Problem{row.Problem("id", askedAlready(row.Envelope, by))}
			}
			switch {
			case err == nil && len(row.Problems) > 0 && f.flags.skipInvalid:
				err = keep(row)
				if err == nil {
					continue
				}
			case err == nil && len(row.Problems) > 0: // the file has changed since it was checked
				err = usage("%v", row.Problems[0])
			}
			if !yield(row.Checked(), err) || err != nil {
				return
			}
		}
	}
}

// explain finds the lines of envelopes in conflict: by reading the file once more, which
// is rare, instead of remembering the line of every row.
func (f *campaignFiles) explain(ctx context.Context, client *jobs.Client, name string, conflicts []*jobs.ConflictError, note tell) error {
	o := f.options(name, nil)
	o.Judge = nil
	r, err := campaign.Open(name, o)
	if err != nil {
		return err
	}
	defer r.Close()
	known := make(map[jobs.Key]*jobs.ConflictError, len(conflicts))
	keys := make([]string, len(conflicts))
	for i, c := range conflicts {
		known[c.Key], keys[i] = c, c.Key.String()
	}
	records, err := client.Ledger().GetMany(ctx, keys)
	if err != nil {
		return err
	}
	states := map[jobs.Key]ledger.State{}
	for i, c := range conflicts {
		if records[i] != nil {
			states[c.Key] = records[i].State
		}
	}
	for row, err := range r.Rows(ctx) {
		if err != nil {
			return err
		}
		c, ok := known[row.Envelope.Key()]
		if !ok {
			continue
		}
		delete(known, c.Key) // a second row with the same id is not the one
		message := lang.Of("the campaign has an envelope with this id and other content")
		if len(c.Fields) > 0 {
			message = lang.Of("%v in %s", message, strings.Join(c.Fields, ", "))
		}
		p := row.Problem("id", lang.Of("%v: %v", message, otherwise(states[c.Key], c.Key)))
		note("problem", p, p)
	}
	return nil
}

// otherwise says what can be done about a row whose id another envelope has.
func otherwise(state ledger.State, key jobs.Key) lang.Text {
	switch {
	case state == ledger.Failed || state == ledger.InDoubt || state == "":
		return lang.Of("use another id")
	case state.Terminal() || state == ledger.Completed:
		return lang.Of("use another id: that one has ended (%v)", stateWord(state))
	}
	return lang.Of("use another id; chancela cancel %s %s stops or withdraws that one, if it is wrong", key.Campaign, key.ID)
}

// said is one line on what was enqueued of a campaign.
func (e enqueued) said(name string) lang.Text {
	sum := e.sums[name]
	parts := []lang.Text{lang.N(sum.New, "%[2]s: %[1]d envelope enqueued", "%[2]s: %[1]d envelopes enqueued", name)}
	if sum.Known > 0 {
		parts = append(parts, lang.Of(", %d of %d were known", sum.Known, sum.New+sum.Known))
	}
	if here := sum.Archived - sum.Moved; here > 0 {
		parts = append(parts, lang.Of(" (%d in the archive already)", here))
	}
	if sum.Moved > 0 {
		parts = append(parts, lang.Of(" (%d archived earlier, but not in %s: was %sARCHIVE_URL changed?)", sum.Moved, e.archive, prefix))
	}
	if sum.Canceled > 0 {
		parts = append(parts, lang.Of(" (%d canceled, which stay so)", sum.Canceled))
	}
	if n := len(sum.Conflicts); n > 0 {
		parts = append(parts, lang.Of(", %d refused: other content under the same id", n))
	}
	return lang.Join(parts, "")
}

// tellCampaigns says what was enqueued of every campaign.
func (e enqueued) tellCampaigns(tell tell) {
	for _, name := range e.campaigns {
		sum := e.sums[name]
		tell("campaign", map[string]any{"campaign": name, "enqueued": sum.New, "known": sum.Known, "archived": sum.Archived, "canceled": sum.Canceled,
			"archived_elsewhere": sum.Moved, "conflicts": len(sum.Conflicts)}, e.said(name))
	}
}

// result is all of it for programs.
func (e enqueued) result() map[string]any {
	var sum jobs.Summary
	for _, s := range e.sums {
		sum.Add(*s)
	}
	rejected := 0
	for _, l := range e.left {
		rejected += l.Rows
	}
	return map[string]any{"enqueued": sum.New, "known": sum.Known, "conflicts": len(sum.Conflicts), "rejected": rejected}
}

// fresh is how many envelopes were new.
func (e enqueued) fresh() int {
	n := 0
	for _, s := range e.sums {
		n += s.New
	}
	return n
}

// tellLast is what stands at the end: what was not taken, and how many rows are where.
func (f *campaignFiles) tellLast(e enqueued, tell tell) {
	for _, name := range f.refused {
		tell("refused", map[string]any{"file": name},
			lang.Of("%s: none of its rows was taken, for what is wrong with the file (said above): mend it, and run it again", name))
	}
	e.tellLeft(tell)
}

// status is the exit status that files deserve which were enqueued.
func (f *campaignFiles) status(e enqueued) int {
	switch {
	case len(f.refused) > 0:
		return exitUsage
	case e.conflicts() > 0:
		return exitError
	case len(e.left) > 0:
		return exitUnfinished
	}
	return exitOK
}

// count is a number with its noun.
func count(n int, noun string) lang.Text { return lang.N(n, "%d "+noun, "%d "+noun+"s") }

// variable is the name of a provider's variable.
func variable(provider, name string) string {
	return prefix + strings.ToUpper(provider) + "_" + name
}

// inOrder are states that occur, in the order of an envelope's life.
func inOrder(states map[ledger.State]int64) []ledger.State {
	return slices.DeleteFunc(slices.Clone(ledger.States), func(s ledger.State) bool { return cmp.Compare(states[s], 0) == 0 })
}
