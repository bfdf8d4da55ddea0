// Command bench measures chancela beside a floor: the least that any program would need
// for the same work, on the same machine and in the same run. A ratio means something on
// any machine; the figures beside it do on this one only.
//
// It starts Redis and, where it finds one, an S3 server by itself, and the simulators of
// the providers; nothing leaves the machine.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// sizes are how much is measured.
type sizes struct {
	enqueue    int           // envelopes that are enqueued
	flow       int           // envelopes that go from the queue to the archive
	drain      int           // envelopes that a quick provider's queue is drained of
	operations int           // envelopes of a campaign that something is done to
	intents    int           // intents that are made durable
	rows       int           // of the CSV file
	archive    int           // MiB that are archived
	pace       time.Duration // that the limiter is watched for
	rounds     int           // of which the median counts
	look       int           // envelopes that are looked at
	deep       int           // envelopes that others wait behind
	latency    int           // envelopes that are timed one by one
	large      int           // MiB of a large document
	shown      int           // envelopes that pages show
	campaigns  int           // that those are in
	visits     int           // of each person to each page
	streams    int           // pages that stay open
	open       time.Duration // for so long
	profile    string        // folder for profiles; empty: none
}

// result is one line of the table.
type result struct {
	Scenario string  `json:"scenario"`
	Unit     string  `json:"unit"`
	Ours     float64 `json:"ours"`
	Floor    float64 `json:"floor"`
	Ratio    float64 `json:"ratio"` // ours of the floor, in the unit
	Note     string  `json:"note,omitempty"`
}

// scenario measures one thing; dir is its own and is removed afterwards.
type scenario struct {
	name    string
	about   string
	measure func(ctx context.Context, dir string, s sizes) ([]result, error)
}

var scenarios = []scenario{
	{"enqueue", "envelopes into the queue; floor: the tasks alone", enqueue},
	{"flow", "from the queue to the archive; floor: the same calls in a plain loop", flow},
	{"drain", "from the queue to the archive with a provider that costs nothing; floors: plain goroutines, asynq by hand", drain},
	{"marks", "the drain with a mark of every invitation in the archive; floor: the drain without", drainMarked},
	{"depth", "the drain while many others wait, or are pending, and what they take in Redis; floor: the drain alone", depth},
	{"look", "envelopes that are looked at for each request; floor: one", look},
	{"bytes", "large documents up and down, 64 at once; floor: io.Copy", large},
	{"latency", "from enqueue to the provider, one envelope at a time; floor: its calls", latency},
	{"recovery", "what a killed worker held goes on while many wait; floor: its lease", recovery},
	{"operations", "cancel, retry, forget and report of a whole campaign; floor: a field of each record", operations},
	{"pages", "what 20 people wait for, and what open pages cost; floor: the aims", lookAtPages},
	{"pace", "requests at the rate of a strict provider; floor: the limit", limits},
	{"barrier", "the durable intent to invite; floor: appendfsync everysec", barrier},
	{"csv", "a campaign file is checked; floor: encoding/csv alone", checks},
	{"archive", "files into the archive; floor: io.Copy to a file, and its sync", archives},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 && (args[0] == quickCommand || args[0] == victimCommand) {
		return serve(ctx, args, stdout)
	}
	var s sizes
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	only := flags.String("only", "", "scenarios, comma-separated: "+strings.Join(names(), ", "))
	asJSON := flags.Bool("json", false, "print one object a line")
	flags.StringVar(&s.profile, "profile", "", "folder for CPU profiles of our runs of enqueue, drain, bytes, operations and pages")
	dir := flags.String("dir", "", "where files are made: a disk like the one that matters (default: the system's temporary folder)")
	s.add(flags)
	short := flags.Bool("short", false, "as little as shows that every scenario works")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *short {
		s = sizes{enqueue: 20, flow: 5, drain: 20, operations: 50, intents: 20, rows: 50, archive: 1, pace: 2 * time.Second, rounds: 1,
			look: 600, deep: 200, latency: 3, large: 1, shown: 60, campaigns: 2, visits: 1, streams: 8, open: time.Second, profile: s.profile}
	}
	if flags.NArg() > 0 || min(s.enqueue, s.flow, s.drain, s.operations, s.intents, s.rows, s.archive, s.rounds, s.look, s.deep, s.latency, s.large, s.shown, s.campaigns, s.visits, s.streams) < 1 ||
		min(s.pace, s.open) < time.Second {
		return fmt.Errorf("want numbers above 0, at least a second for -pace and -open, and no arguments")
	}
	wanted, err := choose(*only)
	if err != nil {
		return err
	}
	var all []result
	for _, w := range wanted {
		fmt.Fprintf(stderr, "%s: %s\n", w.name, w.about)
		results, err := in(ctx, *dir, w, s)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		all = append(all, results...)
	}
	if *asJSON {
		return objects(stdout, all)
	}
	return table(stdout, all)
}

// add makes the sizes flags.
func (s *sizes) add(flags *flag.FlagSet) {
	flags.IntVar(&s.enqueue, "enqueue", 5000, "envelopes that are enqueued")
	flags.IntVar(&s.flow, "flow", 500, "envelopes that go from the queue to the archive")
	flags.IntVar(&s.drain, "drain", 3000, "envelopes that are drained with a quick provider")
	flags.IntVar(&s.operations, "operations", 20_000, "envelopes of a campaign that something is done to")
	flags.IntVar(&s.intents, "intents", 2000, "intents that are made durable")
	flags.IntVar(&s.rows, "rows", 100_000, "rows of the CSV file")
	flags.IntVar(&s.archive, "mib", 256, "MiB that are archived")
	flags.DurationVar(&s.pace, "pace", 15*time.Second, "time that the limiter is watched for")
	flags.IntVar(&s.rounds, "rounds", 3, "rounds of each, of which the median counts")
	flags.IntVar(&s.look, "look", 10_000, "envelopes that are looked at")
	flags.IntVar(&s.deep, "deep", 100_000, "envelopes that others wait behind")
	flags.IntVar(&s.latency, "latency", 200, "envelopes that are timed one by one")
	flags.IntVar(&s.large, "large", 10, "MiB of a large document")
	flags.IntVar(&s.shown, "shown", 1_000_000, "envelopes that pages show")
	flags.IntVar(&s.campaigns, "campaigns", 200, "campaigns that those are in")
	flags.IntVar(&s.visits, "visits", 20, "visits of each person to each page")
	flags.IntVar(&s.streams, "streams", 200, "pages that stay open")
	flags.DurationVar(&s.open, "open", 20*time.Second, "time that pages stay open")
}

// objects prints a result a line.
func objects(stdout io.Writer, all []result) error {
	out := json.NewEncoder(stdout)
	for _, r := range all {
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// serve is what this program is as one of its own child processes.
func serve(ctx context.Context, args []string, stdout io.Writer) error {
	if args[0] == victimCommand {
		return serveVictim(ctx, args[1:])
	}
	size, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	return serveQuick(os.Stdin, stdout, size)
}

func names() []string {
	var all []string
	for _, s := range scenarios {
		all = append(all, s.name)
	}
	return all
}

func choose(only string) ([]scenario, error) {
	if only == "" {
		return scenarios, nil
	}
	var chosen []scenario
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-only: no scenario %q; there are %s", name, strings.Join(names(), ", "))
		}
		chosen = append(chosen, scenarios[i])
	}
	return chosen, nil
}

// in measures in a folder of its own.
func in(ctx context.Context, parent string, w scenario, s sizes) (results []result, err error) {
	dir, err := os.MkdirTemp(parent, "bench-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if e := os.RemoveAll(dir); err == nil {
			err = e
		}
	}()
	return w.measure(ctx, dir, s)
}

func table(out io.Writer, all []result) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "scenario\tours\tfloor\tunit\tratio\t")
	for _, r := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.3f\t  %s\n", r.Scenario, digits(r.Ours), digits(r.Floor), r.Unit, r.Ratio, r.Note)
	}
	return w.Flush()
}

// digits are three that count.
func digits(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}
