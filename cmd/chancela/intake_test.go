package main

import (
	"fmt"
	"slices"

	"github.com/chancela/chancela/jobs/queue"
	"github.com/chancela/chancela/storage/ledger"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// caseFile writes a campaign file, with the document that it names.
func caseFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	documents := filepath.Join(dir, "documentos")
	if _, err := os.Stat(documents); err != nil {
		if err := os.CopyFS(documents, os.DirFS(filepath.Join(samples, "documents"))); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(documents, "aditivo.pdf"), filepath.Join(documents, "contrato.pdf")); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The likeliest first file: nobody has said which provider.
func TestFileWithoutProvider(t *testing.T) {
	file := caseFile(t, t.TempDir(), "june.csv", "id;subject;document;signer1.name;signer1.email\n"+
		"1;Contrato;documentos/contrato.pdf;Nívea Sabiá;nivea@exemplo.test\n")
	env := map[string]string{"CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	for _, args := range [][]string{{"check", file}, {"run", file}, {"run", "--skip-invalid", file}} {
		r := invoke(t, env, args...).want(t, exitUsage)
		if all := r.stdout + r.stderr; !strings.Contains(all, "june.csv:1:1: provider: this column is missing") {
			t.Errorf("%v: %s", args, all)
		}
	}
	invoke(t, env, "check", "--provider", "certyneo", file).want(t, exitOK)
}

// queued is an environment in which enqueue works.
func queued(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{"CHANCELA_REDIS_URL": redisServer(t, false), "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive"),
		"CHANCELA_CERTYNEO_API_KEY": "k", "CHANCELA_CERTYNEO_BASE_URL": "http://127.0.0.1:1/api/v1"}
}

// lastLine is the last line of standard output.
func (r result) lastLine() string {
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	return lines[len(lines)-1]
}

// ids are the ids of a campaign's envelopes in the ledger.
func ids(t *testing.T, env map[string]string, campaign string) string {
	t.Helper()
	db, err := queue.Connect(env["CHANCELA_REDIS_URL"], nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var all []string
	for r, err := range ledger.New(db, ledger.NotDurable).All(t.Context(), campaign, "") {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r.ID)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

const lote = `id;provider;subject;document;signer1.name;signer1.email
0001;certyneo;Contrato 1;documentos/contrato.pdf;Nívea Sabiá;pessoa1@exemplo.test
0002;certyneo;Contrato 2;documentos/contrato.pdf;Nívea Sabiá;sem-arroba
0003;certyneo;Contrato 3;documentos/contrato.pdf;Nívea Sabiá;outro-sem
0004;certyneo;Contrato 4;documentos/contrato.pdf;Nívea Sabiá;pessoa4@exemplo.test
`

// Rows that another campaign's name was given for join it again: the line says how.
func TestRejectedRowsOfANamedCampaign(t *testing.T) {
	t.Parallel()
	file := caseFile(t, t.TempDir(), "lote.csv", lote)
	r := invoke(t, queued(t), "enqueue", "--skip-invalid", "--campaign", "agosto", file).want(t, exitUnfinished)
	if !strings.Contains(r.lastLine(), "mend them there and run that file with --campaign agosto") {
		t.Error(r.lastLine())
	}
}

// Rejected rows are mended one after the other: one campaign, one rejected file, each row
// once, and nobody's work is overwritten.
func TestRejectedRowsComeBack(t *testing.T) {
	t.Parallel()
	env := queued(t)
	dir := t.TempDir()
	file := caseFile(t, dir, "lote.csv", lote)
	rejected := filepath.Join(dir, "lote.rejected.csv")

	r := invoke(t, env, "enqueue", "--skip-invalid", file).want(t, exitUnfinished)
	if want := "2 rows of " + file + " not taken: they are in " + rejected; !strings.HasPrefix(r.lastLine(), want) {
		t.Errorf("last line %q, want %q", r.lastLine(), want)
	}
	mend := func(from, to string) string {
		text := strings.Replace(load(t, rejected), from, to, 1)
		if err := os.WriteFile(rejected, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return text
	}
	mended := mend("sem-arroba", "pessoa2@exemplo.test")

	// The first command again.
	r = invoke(t, env, "enqueue", "--skip-invalid", file).want(t, exitUnfinished)
	if !strings.Contains(r.lastLine(), rejected+", which somebody has changed") || load(t, rejected) != mended {
		t.Errorf("last line %q, and the file holds %q", r.lastLine(), load(t, rejected))
	}
	// All files of the folder at once, and again.
	for range 2 {
		r = invoke(t, env, "enqueue", "--skip-invalid", file, rejected).want(t, exitUnfinished)
		if got := ids(t, env, "lote"); got != "0001 0002 0004" || !strings.Contains(r.lastLine(), "1 row of "+rejected+" not taken, and still there") {
			t.Errorf("enqueued %s; last line %q", got, r.lastLine())
		}
	}
	invoke(t, env, "enqueue", rejected).want(t, exitUsage)
	mend("outro-sem", "pessoa3@exemplo.test")
	r = invoke(t, env, "enqueue", rejected).want(t, exitOK)
	if got := ids(t, env, "lote"); got != "0001 0002 0003 0004" || r.lastLine() != "lote: 1 envelope enqueued, 1 of 2 were known" {
		t.Errorf("enqueued %s; last line %q", got, r.lastLine())
	}
	// The campaign file itself still has the wrong rows, and they are no work for anybody.
	r = invoke(t, env, "enqueue", "--skip-invalid", file).want(t, exitUnfinished)
	if want := "2 rows of " + file + " not taken, but the campaign has their ids by now"; !strings.HasPrefix(r.lastLine(), want) {
		t.Errorf("last line %q, want %q", r.lastLine(), want)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*rejected*")); len(files) != 1 {
		t.Errorf("%v", files)
	}
	if s := invoke(t, env, "status", "--json", "lote.rejected"); s.status == exitOK {
		t.Errorf("another campaign: %s", s.stdout)
	}
}

// A file that cannot be read as rows does not end well, whatever the flag says, and does
// not keep the others from being taken.
func TestFilesThatAreNoRows(t *testing.T) {
	t.Parallel()
	env := queued(t)
	dir := t.TempDir()
	row := ";certyneo;Contrato;documentos/contrato.pdf;Nívea Sabiá"
	good := caseFile(t, dir, "boa.csv", "id;provider;subject;document;signer1.name;signer1.email\n0001"+row+";a@exemplo.test\n0012"+row+";b@exemplo.test\n")
	for name, text := range map[string]string{
		"coluna-desconhecida.csv": "id;provider;subject;document;signer1.name;signer1.email;Telefone\n0001" + row + ";c@exemplo.test;11 3232-4321\n",
		"sem-coluna.csv":          "id;provider;subject;document;signer1.name\n0001" + row + "\n",
		"vazio.csv":               "id;provider;subject;document;signer1.name;signer1.email\n",
		"planilha.csv":            "PK\x03\x04",
		"nada.csv":                "",
	} {
		bad := caseFile(t, dir, name, text)
		r := invoke(t, env, "enqueue", "--skip-invalid", bad).want(t, exitUsage)
		if !strings.Contains(r.stderr, "nothing was enqueued") || !strings.Contains(r.stderr, bad) {
			t.Errorf("%s: %s", name, r.stderr)
		}
		campaign := strings.TrimSuffix(name, ".csv")
		r = invoke(t, env, "enqueue", "--again", "--campaign", "com-"+campaign, "--skip-invalid", bad, good).want(t, exitUsage)
		if !strings.Contains(r.stdout, "2 envelopes enqueued") || !strings.HasPrefix(r.lastLine(), bad+": none of its rows was taken") {
			t.Errorf("%s: %s%s", name, r.stdout, r.stderr)
		}
		if got := ids(t, env, "com-"+campaign); got != "0001 0012" {
			t.Errorf("%s: enqueued %s", name, got)
		}
		invoke(t, env, "check", bad, good).want(t, exitUsage)
	}
}

const june = `id;provider;subject;document;signer1.name;signer1.email;message
0001;certyneo;Locação de imóvel;documentos/contrato.pdf;Conceição Araújo;pessoa1@exemplo.test;Olá
`

// A copy of a file under another name asks the same people again: not by mistake.
func TestCopiesAreNoticed(t *testing.T) {
	t.Parallel()
	env := queued(t)
	dir := t.TempDir()
	original := caseFile(t, dir, "utf8.csv", june)
	renamed := caseFile(t, dir, "utf8 (1).csv", june)
	mended := caseFile(t, dir, "junho.csv", strings.NewReplacer("Locação", "Aluguel", "0001", "9", "Olá", "", "pessoa1", "Pessoa1").Replace(june)+
		"10;certyneo;Outro;documentos/contrato.pdf;Nívea Sabiá;pessoa9@exemplo.test;\n")

	r := invoke(t, env, "enqueue", original, renamed).want(t, exitUsage) // in one command
	if !strings.Contains(r.stderr, "campaign utf8-1 asks the same people to sign the same documents as campaign utf8 does, in 1 of 1 envelope\n") {
		t.Error(r.stderr)
	}
	if got := ids(t, env, "utf8"); got != "" {
		t.Errorf("enqueued %s", got)
	}
	invoke(t, env, "enqueue", original).want(t, exitOK)
	invoke(t, env, "enqueue", original).want(t, exitOK)
	for _, file := range []string{renamed, mended} {
		if r := invoke(t, env, "check", file).want(t, exitUsage); !strings.Contains(r.stdout, "campaign utf8 ") || !strings.Contains(r.stdout, "enqueue and run refuse 1 such row: --campaign utf8 makes") {
			t.Errorf("check %s: %s", file, r.stdout)
		}
		for _, meant := range [][]string{{"--again"}, {"--campaign", "utf8-again"}} {
			if r := invoke(t, env, append([]string{"check", file}, meant...)...).want(t, exitOK); !strings.Contains(r.stdout, "campaign utf8 ") {
				t.Errorf("check %s %s: %s", meant, file, r.stdout)
			}
		}
		r := invoke(t, env, "enqueue", file).want(t, exitUsage)
		if !strings.Contains(r.stderr, "campaign utf8 ") || !strings.Contains(r.stderr, "--again") || !strings.Contains(r.stderr, "nothing was enqueued") {
			t.Errorf("enqueue %s: %s", file, r.stderr)
		}
	}
	if r := invoke(t, nil, "check", original, renamed).want(t, exitUsage); !strings.Contains(r.stdout, "campaign utf8-1 asks the same people") { // no Redis needed
		t.Errorf("check without a Redis: %s", r.stdout)
	}
	if r := invoke(t, env, "enqueue", mended).want(t, exitUsage); !strings.Contains(r.stderr, mended+":2:1: id (A2): envelope 9 asks the same people to sign the same documents as envelope 0001 of campaign utf8\n") ||
		!strings.Contains(r.stderr, "--campaign utf8 makes them part") || !strings.Contains(r.stderr, "--skip-invalid takes the 1 other row") {
		t.Errorf("enqueue: %s", r.stderr)
	}
	if r := invoke(t, env, "run", mended).want(t, exitUsage); !strings.Contains(r.stderr, "in 1 of 2 envelopes") {
		t.Errorf("run: %s", r.stderr)
	}
	if r := invoke(t, env, "enqueue", "--campaign", "utf8", renamed).want(t, exitOK); !strings.Contains(r.stdout, "1 of 1 were known") {
		t.Errorf("the same campaign: %s", r.stdout)
	}
	invoke(t, env, "enqueue", "--again", mended).want(t, exitOK)
	invoke(t, env, "enqueue", mended).want(t, exitOK) // goes on: nobody new is asked
	if got := ids(t, env, "junho"); got != "10 9" {
		t.Errorf("enqueued %s", got)
	}
	db, err := queue.Connect(env["CHANCELA_REDIS_URL"], nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if keys, err := db.Keys(t.Context(), "*invited*").Result(); err != nil || len(keys) == 0 {
		t.Fatal(err, keys)
	} else if held, err := db.HGetAll(t.Context(), keys[0]).Result(); err != nil || strings.Contains(fmt.Sprint(held), "exemplo") {
		t.Errorf("%v %v", held, err)
	}
}

// A file that a program has saved with other ids asks its own campaign's people again: not by mistake.
func TestOtherIDsAreNoticed(t *testing.T) {
	t.Parallel()
	env := queued(t)
	dir := t.TempDir()
	head, row := "id;provider;subject;document;signer1.name;signer1.email\n", ";certyneo;Contrato;documentos/contrato.pdf;Nívea;"
	ana, bia, caio := row+"a@exemplo.test\n", row+"b@exemplo.test\n", row+"c@exemplo.test\n"
	file := caseFile(t, dir, "leases.csv", head+"1"+ana+"2"+bia)
	invoke(t, env, "enqueue", file).want(t, exitOK)

	caseFile(t, dir, "leases.csv", head+"1.0"+ana+"2.0"+bia+"3.0"+caio)
	if r := invoke(t, env, "check", file).want(t, exitUsage); !strings.Contains(r.stdout, "campaign leases has asked the same people to sign the same documents under other ids, in 2 of 3 envelopes") ||
		!strings.Contains(r.stdout, "enqueue and run refuse 2 such rows: give the rows the ids that they had") {
		t.Errorf("check: %s", r.stdout)
	}
	if r := invoke(t, env, "run", file).want(t, exitUsage); !strings.Contains(r.stderr, "nothing was enqueued: 2 rows would ask people to sign what campaign leases asks them to sign under other ids") ||
		!strings.Contains(r.stderr, file+":2:1: id (A2): envelope 1.0 asks the same people to sign the same documents as envelope 1 of campaign leases\n") {
		t.Errorf("run: %s", r.stderr)
	}
	if got := ids(t, env, "leases"); got != "1 2" {
		t.Errorf("enqueued %s", got)
	}
	invoke(t, env, "enqueue", "--skip-invalid", file).want(t, exitUnfinished)
	if got := ids(t, env, "leases"); got != "1 2 3.0" {
		t.Errorf("with --skip-invalid, enqueued %s", got)
	}

	caseFile(t, dir, "leases.csv", head+"4"+ana+"2"+bia+"1"+ana) // the file itself has both: it is said, and meant
	invoke(t, env, "enqueue", file).want(t, exitOK)
	caseFile(t, dir, "leases.csv", head+"5"+bia)
	invoke(t, env, "enqueue", file).want(t, exitUsage)
	invoke(t, env, "enqueue", "--again", file).want(t, exitOK)
	if got := ids(t, env, "leases"); got != "1 2 3.0 4 5" {
		t.Errorf("in the end, enqueued %s", got)
	}
}

// Rows that another campaign has asked are left out by themselves, and what never reached
// anybody is no reason.
func TestOnlyWhatIsNewIsTaken(t *testing.T) {
	t.Parallel()
	env := queued(t)
	dir := t.TempDir()
	head, row := "id;provider;subject;document;signer1.name;signer1.email\n", ";certyneo;Contrato;documentos/contrato.pdf;Nívea;"
	leases := caseFile(t, dir, "leases.csv", head+"11"+row+"a@exemplo.test\n12"+row+"b@exemplo.test\n")
	doze := caseFile(t, dir, "doze.csv", head+"1"+row+"b@exemplo.test\n2"+row+"c@exemplo.test\n")
	invoke(t, env, "enqueue", leases).want(t, exitOK)

	r := invoke(t, env, "enqueue", "--skip-invalid", doze).want(t, exitUnfinished)
	if got := ids(t, env, "doze"); got != "2" || !strings.Contains(load(t, filepath.Join(dir, "doze.rejected.csv")), "id: envelope 1 asks the same people to sign the same documents as envelope 12 of campaign leases") {
		t.Errorf("enqueued %s: %s", got, r.stdout)
	}
	invoke(t, env, "enqueue", doze).want(t, exitUsage)
	invoke(t, env, "cancel", "leases", "12").want(t, exitOK)
	invoke(t, env, "enqueue", doze).want(t, exitOK)
	if got := ids(t, env, "doze"); got != "1 2" {
		t.Errorf("enqueued %s", got)
	}
	invoke(t, env, "enqueue", leases).want(t, exitOK) // goes on, whoever asks the same now

	copied := caseFile(t, dir, "copy.csv", load(t, leases)) // all of it is asked already
	for _, command := range []string{"enqueue", "run"} {
		r = invoke(t, env, command, "--skip-invalid", copied).want(t, exitUnfinished)
		if rejected := load(t, filepath.Join(dir, "copy.rejected.csv")); strings.Count(rejected, "as envelope 1") != 2 || !strings.HasPrefix(r.lastLine(), "2 rows of "+copied+" not taken: they are in ") {
			t.Errorf("%s: %q, %s", command, r.lastLine(), rejected)
		}
	}
	if got := ids(t, env, "copy"); got != "" {
		t.Errorf("enqueued %s", got)
	}
}

// What a service has no place for is told when envelopes are taken, not when they are known.
func TestWhatIsLeftOutIsToldOnce(t *testing.T) {
	t.Parallel()
	env := queued(t)
	env["CHANCELA_CONTRAKTOR_API_KEY"], env["CHANCELA_CONTRAKTOR_BASE_URL"] = "k", "http://127.0.0.1:1/api"
	file := caseFile(t, t.TempDir(), "june.csv", strings.Replace(june, "certyneo", "contraktor", 1))
	for i := range 2 {
		r := invoke(t, env, "enqueue", file).want(t, exitOK)
		if told := strings.Contains(r.stderr, "contraktor has no place for message"); told != (i == 0) {
			t.Errorf("time %d: %s", i+1, r.stderr)
		}
	}
}

// Other content under the same id is told by field.
func TestConflictsTellTheFields(t *testing.T) {
	t.Parallel()
	env := queued(t)
	dir := t.TempDir()
	invoke(t, env, "enqueue", "--campaign", "june", caseFile(t, dir, "utf8.csv", june)).want(t, exitOK)
	other := strings.NewReplacer("contrato.pdf", "laudo-vistoria.pdf", "Olá", "Oi", "pessoa1", "pessoa2").Replace(june)
	r := invoke(t, env, "enqueue", "--campaign", "june", caseFile(t, dir, "touched.csv", other)).want(t, exitError)
	if want := "touched.csv:2:1: id (A2): the campaign has an envelope with this id and other content in message, document, signer1.email: "; !strings.Contains(r.stderr, want) {
		t.Errorf("got %s, want %s", r.stderr, want)
	}
	for _, same := range []string{strings.ReplaceAll(june, "\n", "\r\n"), strings.Replace(june, "pessoa1@exemplo.test", "Pessoa1@Exemplo.TEST", 1),
		strings.Replace(june, "Locação de", "Locação  de", 1), strings.Replace(june, "Locação de", "Locação\u00A0de", 1),
		strings.Replace(june, "documentos/", `documentos\`, 1), strings.ReplaceAll(june, "ç", "ç")} {
		invoke(t, env, "enqueue", "--campaign", "june", caseFile(t, dir, "same.csv", same)).want(t, exitOK)
	}
}

// What a person has meant is said, once.
func TestCheckTellsWhatWasMeant(t *testing.T) {
	dir := t.TempDir()
	head, row := "id;provider;subject;document;signer1.name;signer1.email\n", ";certyneo;Contrato;documentos/contrato.pdf;Nívea;a@exemplo.test\n"
	for _, c := range []struct{ text, want string }{
		{head + "1;contrakto;Contrato;documentos/contrato.pdf;Nívea;a@exemplo.test\n", "qisign: did you mean contraktor?"},
		{head + "1" + row + "TOTAL;;;2;;\n", "june.csv:3:1: A3: row 3 looks like a row of totals: delete it\n1 problem: 1 of 2 rows is valid"},
		{head + "1;certyneo;Contrato;nada.pdf;Nívea;a@exemplo.test\n", "document (D2): there is no file"},
	} {
		if r := invoke(t, nil, "check", caseFile(t, dir, "june.csv", c.text)); !strings.Contains(r.stdout, c.want) {
			t.Errorf("got %s, want %s", r.stdout, c.want)
		}
	}
	file := caseFile(t, dir, "june.csv", head+"1"+row)
	if r := invoke(t, nil, "run", "--report", filepath.Join(dir, "nowhere", "r.csv"), file).want(t, exitUsage); !strings.Contains(r.stderr, "--report: cannot write into the folder of") {
		t.Error(r.stderr)
	}
	if r := invoke(t, nil, "report", "june").want(t, exitUsage); !strings.Contains(r.stderr, "chancela run --report FILE") {
		t.Error(r.stderr)
	}
}

func TestCheckVerdicts(t *testing.T) {
	dir := t.TempDir()
	head, row := "id;provider;subject;document;signer1.name;signer1.email\n", ";certyneo;Contrato;documentos/contrato.pdf;Nívea;a@exemplo.test\n"
	for _, c := range []struct{ text, want string }{
		{head + "1" + row, "1 envelope, valid"},
		{head + "1" + row + "2" + row, "2 envelopes, all valid"},
		{head + "1" + row + "?" + row, "1 problem: 1 of 2 rows is valid"},
		{head + "?" + row, "1 problem: no row is valid"},
		{"Nome;" + head + "x;1" + row, "1 problem in 1 file: no row can be taken before that is mended"},
	} {
		if r := invoke(t, nil, "check", caseFile(t, dir, "june.csv", c.text)); !strings.Contains(r.stdout, c.want+"\n") {
			t.Errorf("got %s, want %s", r.stdout, c.want)
		}
	}
}
