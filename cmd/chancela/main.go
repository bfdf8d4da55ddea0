// Command chancela sends campaigns of documents to be signed through five signing
// services, and archives what comes back.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/caarlos0/env/v11"
	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// system is everything outside the process that a command touches.
type system struct {
	env            map[string]string
	stdin          io.Reader // of a person who can be asked; nil where nobody can
	stdout, stderr io.Writer
	terminal       bool // stderr is one
	shown          bool // stdout is one: a person reads the results at once
	screen         *screen
	begun          bool // the command line was understood
	json           bool // results are objects
	outcome        any  // the fields of the last one
	language       lang.Language
}

func main() {
	redis.SetLogger(silent{})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // the second signal kills
	}()
	sys := &system{
		env: env.ToMap(os.Environ()), stdout: os.Stdout, stderr: os.Stderr,
		terminal: term.IsTerminal(int(os.Stderr.Fd())), shown: term.IsTerminal(int(os.Stdout.Fd())),
	}
	if sys.terminal && term.IsTerminal(int(os.Stdin.Fd())) {
		sys.stdin = os.Stdin
	}
	os.Exit(run(ctx, sys, os.Args[1:]))
}

// run is the whole program but for the process around it.
func run(ctx context.Context, sys *system, args []string) int {
	sys.screen = &screen{under: sys.stderr}
	sys.language = languageOf(sys.env)
	sys.stderr = sys.screen
	root := newRoot(sys)
	root.SetArgs(args)
	root.SetOut(sys.stdout)
	root.SetErr(sys.stderr)
	cmd, err := root.ExecuteContextC(ctx)
	status, message, people := statusOf(err), "", ""
	switch e, _ := errors.AsType[*exitErr](err); {
	case err == nil:
	case e != nil && e.err == nil: // all has been said
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		status, message, people = exitInterrupted, "interrupted", sys.language.Sprintf("interrupted")
	default:
		message, people = oneLine(err), sys.error(err)
		if cure := ledger.Refusal(err); cure != "" {
			said := lang.Of("%s. Reading goes on: status, report. (%v)", cure, lang.Plain(message))
			message, people = said.String(), sys.language.Say(said)
		}
		if status == exitError && !sys.begun {
			status = exitUsage // cobra's own complaints
		}
	}
	if message != "" {
		for line := range strings.SplitSeq(people, "\n") {
			fmt.Fprintln(sys.stderr, "chancela: "+line)
		}
	}
	sys.close(cmd, args, status, message)
	return status
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func newRoot(sys *system) *cobra.Command {
	root := &cobra.Command{
		Use:   "chancela",
		Short: "Campaigns of documents to be signed, through five signing services",
		Long: `chancela takes a campaign of documents to be signed from a CSV file, sends every envelope
through its signing service (Contraktor, Certyneo, sDoc, Catalisa or QI Sign), follows it
until everybody has signed, and archives the signed documents with their proofs.
Nobody is invited twice: campaign and id are the idempotency key.

Without any configuration, simulated providers are used and nothing leaves the machine.
"chancela config" shows what can be set in the environment.`,
		Example: `  chancela run june.csv            the main job, from the file to the archive
  chancela check june.csv          every mistake in the file, nothing is sent
  chancela verify june             read the archive again, and check every hash`,
		Version:       readBuild().String(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return unknownCommand(cmd, args[0])
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			err := exclusive(cmd) // cobra itself looks only after this
			sys.begun = err == nil
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SuggestionsMinimumDistance = 2
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetHelpTemplate(helpTemplate + exitStatus + "\n")
	root.SetFlagErrorFunc(flagError)
	root.AddGroup(
		&cobra.Group{ID: groupMain, Title: "Campaigns:"},
		&cobra.Group{ID: groupSteer, Title: "Steering:"},
		&cobra.Group{ID: groupServe, Title: "Processes:"},
	)
	root.SetHelpCommandGroupID(groupServe)
	root.SetCompletionCommandGroupID(groupServe)
	root.AddCommand(newStatus(sys), newReport(sys), newWork(sys), newSchedule(sys), newServe(sys), newUp(sys))
	root.AddCommand(sys.inJSON(
		newRun(sys), newCheck(sys), newEnqueue(sys), newVerify(sys), newRebuild(sys), newTemplate(sys), newPreview(sys), newDownload(sys), newLinks(sys),
		newPause(sys), newResume(sys), newRetry(sys), newCancel(sys), newRemind(sys), newResolve(sys), newForget(sys),
		newSandbox(sys), newConfig(sys), newDoctor(sys), newWebhooks(sys), newNotifications(sys), newVersion(sys),
	)...)
	root.InitDefaultHelpCmd()
	insistOnTopics(root)
	if sys.language == lang.Portuguese {
		speakPortuguese(root)
	}
	sys.fitHelps(root)
	return root
}

func unknownCommand(root *cobra.Command, name string) error {
	if like := root.SuggestionsFor(name); len(like) > 0 {
		return usage("unknown command %q; did you mean %v?", name, lang.Or(like))
	}
	return usage("unknown command %q; see chancela --help", name)
}

// insistOnTopics makes help of an unknown command an error: cobra's prints the general help.
func insistOnTopics(root *cobra.Command) {
	for _, help := range root.Commands() {
		if help.Name() != "help" {
			continue
		}
		help.Args = func(_ *cobra.Command, args []string) error {
			if cmd, rest, err := root.Find(args); err != nil || len(rest) > 0 || len(args) > 0 && cmd == root {
				return unknownCommand(root, strings.Join(args, " "))
			}
			return nil
		}
	}
}

// The groups of the help text.
const (
	groupMain  = "main"
	groupSteer = "steer"
	groupServe = "serve"
)

// arguments wants so many arguments: from least to most, or any number when most is
// negative.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		_, wants, _ := strings.Cut(cmd.Use, " ")
		wanted := strings.Fields(wants)
		switch {
		case len(args) < least && len(args) < len(wanted):
			return usage("%s: name %s; usage: %s", cmd.Name(), lang.Of(argumentNames[wanted[len(args)]]), useLine(cmd))
		case most == 0 && len(args) > 0:
			return usage("%s takes no arguments, and %q is one; usage: %s", cmd.Name(), args[0], useLine(cmd))
		case most > 0 && len(args) > most:
			return usage("%s: %q is one argument too many; usage: %s", cmd.Name(), args[most], useLine(cmd))
		}
		return nil
	}
}

// argumentNames are what required arguments are, by their place holder in usage lines.
var argumentNames = map[string]string{
	"CAMPAIGN": "a campaign", "DIR": "a folder, or with --zip a file, to write to", "FILE": "a file", "FILE.csv...": "a file", "ID": "an envelope's id",
	"PROVIDER": "a provider",
}
