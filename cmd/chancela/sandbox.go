package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
)

func newSandbox(sys *system) *cobra.Command {
	o := sandbox.Options{Simulators: registry.Simulators(), SignAfter: signAfter}
	var host string
	var port int
	var faults, differ string
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Simulate the providers on local ports",
		Long: `Sandbox runs simulators of the providers on ports of this machine, for trying things
out: signers sign by themselves after a while, and some decline. It prints what other
chancela processes need in their environment to use them, and serves a page on its first port
with what it holds. It ends when it is interrupted, and forgets.

Faults are rates from 0 to 1, as JSON:
` + faultHelp() + `

Differences are ways in which a real account may do otherwise than its reference says, as
JSON: to see that chancela doctor names them. They are
  ` + differenceHelp(),
		Example: `  chancela sandbox > sandbox.env &
  . ./sandbox.env
  chancela sandbox --differ '{"Forbidden": ["certyneo GET /templates"]}'
  chancela sandbox --sign-after 10s --faults '{"error_after": 0.05}'`,
		GroupID: groupServe,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if port < 0 || port > 65535-len(registry.Names()) {
				return usage("--listen-base-port: %d is not a port with one for each provider after it", port)
			}
			if o.SignAfter <= 0 {
				return usage("--sign-after: want a time above 0")
			}
			if err := parseObject("--faults", faults, `{"error_after": 0.05}`, &o.Faults); err != nil {
				return err
			}
			if err := parseObject("--differ", differ, `{"SDocHeader": "bare"}`, &o.Differences); err != nil {
				return err
			}
			o.Listen = listen(host, port)
			return simulate(cmd.Context(), sys, o)
		},
	}
	cmd.Flags().StringVar(&host, "listen-host", "127.0.0.1", "name or address to listen on; links in answers have it, too")
	cmd.Flags().IntVar(&port, "listen-base-port", 9100, "port of the page; the providers follow; 0: any free ports")
	cmd.Flags().DurationVar(&o.SignAfter, "sign-after", signAfter, "mean time until a signer acts")
	cmd.Flags().StringVar(&faults, "faults", "", "rates of faults, as JSON")
	cmd.Flags().StringVar(&differ, "differ", "", "differences from the references, as JSON")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "decides keys and ids")
	return cmd
}

// simulate runs the simulators until the context ends, and tells how to reach them.
func simulate(ctx context.Context, sys *system, o sandbox.Options) error {
	s, err := sandbox.Start(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	page := s.URL(sandbox.Control)
	sys.tell("page", map[string]any{"url": page}, lang.Of("# what it holds: %s", page))
	env := s.Env()
	for _, name := range names(env) {
		if sys.json {
			sys.print("variable", map[string]any{"name": name, "value": env[name]})
			continue
		}
		fmt.Fprintf(sys.stdout, "export %s='%s'\n", name, env[name]) // for a shell: not broken where the screen ends
	}
	if f, ok := sys.stdout.(*os.File); ok {
		_ = f.Sync() // a pipe has nothing to sync
	}
	<-ctx.Done()
	return nil
}

// listen gives the page and the providers ports in a row, or free ones when base is 0.
func listen(host string, base int) map[string]string {
	addresses := map[string]string{}
	for i, name := range append([]string{sandbox.Control}, registry.Names()...) {
		port := 0
		if base > 0 {
			port = base + i
		}
		addresses[name] = net.JoinHostPort(host, strconv.Itoa(port))
	}
	return addresses
}

func parseObject(flag, s, example string, into any) error {
	if s == "" {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return usage("%s: want JSON such as %s: %v", flag, example, err)
	}
	return nil
}

// differenceHelp names the fields of [sandbox.Differences].
func differenceHelp() string {
	var b strings.Builder
	width := 0
	for f := range reflect.TypeFor[sandbox.Differences]().Fields() {
		if width > 0 && width+len(f.Name) > 84 {
			b.WriteString("\n  ")
			width = 0
		} else if width > 0 {
			b.WriteString(" ")
		}
		b.WriteString(f.Name)
		width += len(f.Name) + 1
	}
	return b.String()
}

func faultHelp() string {
	return `  error_before, error_after   500 without the effect, or after it
  drop_before, drop_after     the connection breaks without the effect, or after it
  too_many                    429 with Retry-After
  slow                        an answer two seconds later
  cut_body, dead_link         downloads that break off, or addresses that died early`
}

func names(env map[string]string) []string {
	var all []string
	for name := range env {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
