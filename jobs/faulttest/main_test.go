//go:build linux

package faulttest

import (
	"flag"
	"os"
	"testing"
	"time"
)

// The flags of the long form.
var (
	envelopes    = flag.Int("envelopes", 90, "envelopes in all campaigns together")
	kills        = flag.Int("kills", 6, "SIGKILLs of workers, schedulers and servers")
	redisCrashes = flag.Int("redis-crashes", 2, "SIGKILLs of Redis")
	fire         = flag.Duration("fire", 0, "how long things are hurt: 3 s for each kill when zero")
	rounds       = flag.Int("rounds", 3, "how often Redis is lost")
	inFlight     = flag.Int("in-flight", 25, "envelopes that are under way when Redis is lost")
	patience     = flag.Duration("patience", 0, "how long the last envelopes may take after that")
	seedFlag     = flag.Uint64("seed", 0, "of campaigns and plan; 0: another one every time")
	keep         = flag.String("keep", "", "folder for the logs of all processes; kept")
)

func TestMain(m *testing.M) {
	if os.Getenv(simulatorsVariable) != "" {
		os.Exit(simulate())
	}
	// What runs side by side waits more than it computes.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	flag.Parse()
	if *fire == 0 {
		*fire = time.Duration(*kills) * 3 * time.Second
	}
	if *patience == 0 {
		*patience = 5*time.Minute + time.Duration(max(*envelopes, *rounds**inFlight))*100*time.Millisecond
	}
	status := m.Run()
	atEnd()
	os.Exit(status)
}
