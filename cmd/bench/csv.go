package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/certyneo"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/rest"
)

// checks compares campaign.Check, with the provider's own rules, with encoding/csv reading
// the same file: rows a second, and the heap at its largest.
func checks(ctx context.Context, folder string, s sizes) ([]result, error) {
	name := filepath.Join(folder, "campaign.csv")
	if err := os.WriteFile(filepath.Join(folder, "lease.pdf"), pdf, 0o600); err != nil {
		return nil, err
	}
	if err := writeCampaign(name, s.rows); err != nil {
		return nil, err
	}
	judge, err := certyneo.New(rest.Settings{Pacer: pace.Unlimited{}})
	if err != nil {
		return nil, err
	}
	ours := func(ctx context.Context) error {
		sum, err := campaign.Check(ctx, []string{name}, campaign.Options{Judge: intake.NewJudge([]providers.Provider{judge}, nil, nil)},
			func(p campaign.Problem) { err = errors.Join(err, errors.New(p.String())) })
		if err == nil && sum.Good != s.rows {
			err = fmt.Errorf("%d of %d rows are good, %d problems", sum.Good, s.rows, sum.Problems)
		}
		return err
	}
	floor := func(context.Context) error { return readAll(name) }
	speed := func(work func(context.Context) error) measured {
		return func(ctx context.Context) (float64, error) {
			return perSecond(s.rows, func() error { return work(ctx) })
		}
	}
	memory := func(work func(context.Context) error) measured {
		return func(ctx context.Context) (float64, error) { return peak(func() error { return work(ctx) }) }
	}
	rows, err := compare(ctx, s.rounds, fmt.Sprintf("csv, %d rows", s.rows), "rows/s", "every column judged; encoding/csv splits only", speed(ours), speed(floor))
	if err != nil {
		return nil, err
	}
	heap, err := compare(ctx, s.rounds, fmt.Sprintf("csv, %d rows", s.rows), "MiB", "", memory(ours), memory(floor))
	heap.Note = fmt.Sprintf("heap at its largest: %.0f bytes a row, to find ids that stand twice", (heap.Ours-heap.Floor)*(1<<20)/float64(s.rows))
	return []result{rows, heap}, err
}

func writeCampaign(name string, rows int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "id,provider,subject,message,document,expires,signer1.name,signer1.email,signer1.phone,signer1.document,signer1.birthdate,meta.order")
	for i := range rows {
		fmt.Fprintf(w, "e-%07d,certyneo,\"Contrato de locação, casa %d\",Por favor assine,lease.pdf,30d,Ana Prova da Silva,ana%d@example.com,+5511987654321,52998224725,02/04/1988,P-%d\n", i, i, i, i)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

func readAll(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(bufio.NewReader(f))
	r.ReuseRecord = true
	for {
		if _, err := r.Read(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
