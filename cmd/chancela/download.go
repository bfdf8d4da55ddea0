package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage"
	"github.com/chancela/chancela/storage/archive"
)

func newDownload(sys *system) *cobra.Command {
	var kinds []string
	var name string
	var asZip bool
	cmd := &cobra.Command{
		Use:   "download CAMPAIGN DIR",
		Short: "Take a campaign's archived files out",
		Long: `Download copies a campaign's archived files into a folder, each compared with the size and
SHA-256 of its manifest, and lists them in index.csv there. It needs the archive alone. Files
are ID/KIND.pdf, or as --name says: text with {id}, {kind}, {subject}, {provider}, {campaign},
{signerN.name}, {signerN.email} and {meta.NAME} in it. Names are such that Windows takes them.
Files that are there already with the same content stay; others are never replaced, and
those of an earlier download under other names stay, too, and are counted.
With --zip, DIR is one zip file.`,
		Example: `  chancela download june signed
  chancela download june signed --kind signed_document --name "{subject}.pdf"
  chancela download june june.zip --zip`,
		GroupID:           groupMain,
		Args:              arguments(2, 2),
		ValidArgsFunction: sys.completeCampaign,
		RunE: func(cmd *cobra.Command, args []string) error {
			what := report.Downloading{Campaign: args[0]}
			if !intake.ValidCampaign(what.Campaign) {
				return usage("%q is not the name of a campaign", what.Campaign)
			}
			for _, k := range kinds {
				if !slices.Contains(artifactKinds, k) {
					return usage("--kind: %q is not one of %s", k, strings.Join(artifactKinds, ", "))
				}
				what.Kinds = append(what.Kinds, providers.Kind(k))
			}
			var err error
			if what.Name, err = report.ParseName(name); err != nil {
				return usage("--name: %w", err)
			}
			return sys.download(cmd.Context(), what, args[1], asZip)
		},
	}
	cmd.Flags().StringSliceVar(&kinds, "kind", nil, "only files of these kinds: "+strings.Join(artifactKinds, ", "))
	cmd.Flags().StringVar(&name, "name", "", `names of the files, "{signer1.name} {id}.pdf"`)
	cmd.Flags().BoolVar(&asZip, "zip", false, "one zip file instead of a folder")
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(artifactKinds, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

var artifactKinds = []string{
	string(providers.SignedDocument), string(providers.Dossier), string(providers.Package),
	string(providers.Face), string(providers.IDFront), string(providers.IDBack),
}

// downloads counts what came of a download.
type downloads struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
	There int   `json:"there"` // already, with the same content
	Again int   `json:"again"` // files of earlier downloads that are there, too, under other names
	Wrong int   `json:"wrong"`

	Numbered int `json:"numbered"` // their names would have been those of other files
}

func (s *system) download(ctx context.Context, what report.Downloading, to string, asZip bool) error {
	cfg, err := loadConfig(s.env)
	if err != nil {
		return err
	}
	store, err := storage.OpenToRead(ctx, cfg.ArchiveURL, cfg.s3())
	if err != nil {
		return usage("%sARCHIVE_URL: %w", prefix, err)
	}
	if err := insistHeld(ctx, store, what); err != nil {
		return err
	}
	var sum downloads
	wrong := func(key string, err error) {
		sum.Wrong++
		s.tell("problem", map[string]any{"key": key, "message": oneLine(err)}, lang.Of("%s: %v", key, err))
	}
	take := func(place func(report.Downloaded, *os.File) error) error {
		return report.Download(ctx, store, what, func(d report.Downloaded, f *os.File) error {
			err := place(d, f)
			if errors.Is(err, errThere) {
				sum.There++
			} else if err != nil {
				return err
			}
			sum.Files++
			if d.Numbered {
				sum.Numbered++
			}
			sum.Bytes += d.Size
			return nil
		}, wrong)
	}
	if asZip {
		err = downloadZip(to, take)
	} else {
		sum.Again, err = downloadFolder(to, take)
	}
	if err != nil {
		return err
	}
	parts := []lang.Text{lang.Of("%v in %s", count(sum.Files, "file"), to)}
	if sum.There > 0 {
		parts = append(parts, lang.Of(", %d of them were there", sum.There))
	}
	if sum.Again > 0 {
		parts = append(parts, lang.Of("; also there from an earlier download, under other names: %v (index.csv lists both)", count(sum.Again, "file")))
	}
	if words := what.Name.Lacks(); sum.Numbered > 0 && len(words) > 0 {
		parts = append(parts, lang.N(sum.Numbered, "; %d would have the name of another, and has a number: put %v into --name", "; %d would have the names of others, and have numbers: put %v into --name", strings.Join(words, " ")))
	}
	if sum.Wrong > 0 {
		parts = append(parts, lang.Of("; %v could not be taken", count(sum.Wrong, "file")))
	}
	s.come(sum, lang.Join(parts, ""))
	if sum.Wrong > 0 {
		return quietly(exitError)
	}
	return nil
}

// insistHeld refuses a download of which nothing would come, before anything is made for it.
func insistHeld(ctx context.Context, store archive.Archive, what report.Downloading) error {
	known, files, err := report.Holds(ctx, store, what)
	switch {
	case err != nil:
		return err
	case files:
		return nil
	case known && len(what.Kinds) == 0:
		return lang.Errorf("the archived envelopes of campaign %s have no files", what.Campaign)
	case known:
		return lang.Errorf("campaign %s has no archived file of these kinds: %s", what.Campaign, joined(what.Kinds))
	}
	names, err := report.SomeCampaigns(ctx, store, 5)
	if err != nil {
		return err
	}
	has := lang.Of("it has none")
	if len(names) > 0 {
		has = lang.Of("it has, for example, %s", strings.Join(names, ", "))
	}
	return lang.Errorf("the archive %s holds nothing of a campaign %s: %v", store, what.Campaign, has)
}

func joined(kinds []providers.Kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}

// errThere tells that a file was there already, with the same content.
var errThere = lang.Errorf("the file is there already")

type taking = func(place func(report.Downloaded, *os.File) error) error

// downloadFolder never leaves the folder, whatever links stand in it. It returns how many files of an earlier
// download are there, too, under other names.
func downloadFolder(dir string, take taking) (again int, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, err
	}
	defer root.Close()
	earlier, err := ownIndex(root)
	if err != nil {
		return 0, err
	}
	var list report.Index
	err = take(func(d report.Downloaded, f *os.File) error {
		if parent := path.Dir(d.Name); parent != "." {
			if err := root.MkdirAll(parent, 0o700); err != nil {
				return err
			}
		}
		err := placeNew(root, d, f)
		if err == nil || errors.Is(err, errThere) {
			list.Add(d)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	again = keep(&list, root, earlier)
	return again, root.WriteFile("index.csv", []byte(list.String()), 0o600)
}

// maxIndex is more than a million files have.
const maxIndex = 512 << 20

// ownIndex is what an earlier download has listed. A folder whose index.csv is somebody else's is refused.
func ownIndex(root *os.Root) ([][]string, error) {
	have, err := root.Open("index.csv")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer have.Close()
	in := bufio.NewReader(io.LimitReader(have, maxIndex))
	head := (&report.Index{}).String()
	if begin, err := in.Peek(len(head)); err != nil || string(begin) != head {
		return nil, lang.Errorf("index.csv is there already and was not written by download: move it away, or name another folder")
	}
	_, _ = in.Discard(len(head))
	rows, err := report.ReadIndex(in)
	if err != nil {
		return nil, lang.Errorf("index.csv, which an earlier download has written, was changed: move it away, or name another folder: %w", err)
	}
	return rows, nil
}

// keep adds what an earlier download has listed under other names and what is there still. It counts those
// that are the same files as new ones.
func keep(x *report.Index, root *os.Root, earlier [][]string) (again int) {
	same := func(row []string) string { return strings.Join([]string{row[0], row[1], row[4]}, " ") }
	names, files := map[string]bool{}, map[string]bool{}
	for _, row := range x.Rows {
		names[row[2]], files[same(row)] = true, true
	}
	for _, row := range earlier {
		if len(row) != 5 || names[row[2]] {
			continue
		}
		if sum, err := hashOf(root, row[2]); err != nil || sum != row[4] {
			continue
		}
		if files[same(row)] {
			again++
		}
		x.Rows = append(x.Rows, row)
	}
	return again
}

func hashOf(root *os.Root, name string) (string, error) {
	in, err := root.Open(name)
	if err != nil {
		return "", err
	}
	defer in.Close()
	h := sha256.New()
	_, err = io.Copy(h, in)
	return hex.EncodeToString(h.Sum(nil)), err
}

// placeNew writes a file under a name that must be free, whole or not at all.
func placeNew(root *os.Root, d report.Downloaded, from *os.File) error {
	if have, err := hashOf(root, d.Name); err == nil {
		if have == d.SHA256 {
			return errThere
		}
		return lang.Errorf("%s is there already with other content: move it away, or name another folder", d.Name)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	partial := path.Join(path.Dir(d.Name), ".chancela-"+d.SHA256[:16])
	out, err := root.OpenFile(partial, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, from)
	if err = errors.Join(err, out.Close()); err == nil {
		err = root.Rename(partial, d.Name)
	}
	if err != nil {
		_ = root.Remove(partial)
	}
	return err
}

func downloadZip(to string, take taking) error {
	if _, err := os.Lstat(to); err == nil {
		return usage("%s is there already: name another file", to)
	}
	return writeFile(to, func(w io.Writer) error {
		z := report.NewZip(w)
		return errors.Join(take(z.Place), z.Close())
	})
}
