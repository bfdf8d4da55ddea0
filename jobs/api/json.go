package api

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/chancela/chancela/providers/registry"
)

// readJSON decodes the one value of a body, with known fields only; all that does not fit is
// told. Text that is not UTF-8 and names that stand twice are refused: what they mean is
// anybody's guess.
func readJSON(in io.ReadSeeker, v any) error {
	err := json.UnmarshalRead(boundedItem(in), v, json.RejectUnknownMembers(true))
	if _, ok := errors.AsType[*json.SemanticError](err); !ok {
		return jsonProblem(err)
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	found, broken := misfitting(boundedItem(in), v)
	switch {
	case broken != nil:
		return jsonProblem(broken)
	case found.count == 0:
		return jsonProblem(err)
	}
	return found.problem(http.StatusUnprocessableEntity, "the body does not fit; nothing was done, and the rest was not looked at")
}

// jsonProblem is the answer to JSON that cannot be taken.
func jsonProblem(err error) error {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge
	}
	if m, ok := jsonMistake(err); ok {
		return refused(m, "the body does not fit; nothing was done")
	}
	return notJSON(err)
}

// jsonMistake says what does not fit in good JSON, without repeating a value. false tells
// that it is no good JSON.
func jsonMistake(err error) (m Mistake, ok bool) {
	wrong, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return m, false
	}
	m.at(wrong.JSONPointer)
	m.Message = "must be " + kindOf(wrong.GoType)
	if errors.Is(err, json.ErrUnknownName) {
		m.Message = unknownField
	}
	return m, true
}

// notJSON is the answer to a body that is no JSON, with the place.
func notJSON(err error) *Problem {
	wrong, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		return problem(http.StatusBadRequest, "the body is not valid JSON: it was cut")
	}
	m := Mistake{Message: "is not valid JSON"}
	m.at(wrong.JSONPointer)
	cause := errors.Unwrap(wrong)
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		m.Message = "stands twice"
	case cause != nil && strings.Contains(cause.Error(), "UTF-8"): // the library has no name for it
		m.Message = "is not UTF-8, which JSON is written in: Latin-1 and Windows-1252 are not taken"
	}
	return one(http.StatusBadRequest, m, "the body is not valid JSON; nothing was done")
}

// kindOf is what a type is called.
func kindOf(t reflect.Type) string {
	if t == nil {
		return "something else"
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	}
	return "an object"
}

// at sets where a mistake is in a JSON body: its pointer, and the CSV's name for it.
func (m *Mistake) at(p jsontext.Pointer) {
	m.Pointer = fragment(p)
	m.Field = fieldOf(p)
}

// fragment is a pointer as RFC 9457 shows it: #/signers/0/email.
func fragment(p jsontext.Pointer) string {
	whole := "#" + (&url.URL{Fragment: string(p)}).EscapedFragment()
	if len(whole) > maxWords { // of a name that is none of ours
		whole = whole[:strings.LastIndexByte(whole[:maxWords], '/')]
	}
	return whole
}

// fieldOf is the CSV's name of a place in the JSON.
func fieldOf(p jsontext.Pointer) string {
	var at []string
	for token := range p.Tokens() {
		at = append(at, token)
	}
	if len(at) > 1 && at[0] == "envelopes" {
		at = at[2:]
	}
	if len(at) == 0 {
		return ""
	}
	switch at[0] {
	case "documents":
		return "document"
	case "signers":
		if len(at) == 1 {
			return "signer1.name"
		}
		n, _ := strconv.Atoi(at[1])
		field := "signer" + strconv.Itoa(n+1)
		if len(at) > 2 {
			field += "." + at[2]
		}
		return field
	case "fields":
		return strings.Join(append([]string{"field"}, at[1:]...), ".")
	case "options":
		return strings.Join(at[1:], ".")
	}
	return strings.Join(at, ".")
}

var (
	signerField = regexp.MustCompile(`^signer([1-9][0-9]{0,3})\.(.+)$`)
	documentNo  = regexp.MustCompile(`^document ([1-9][0-9]{0,3}): `)
)

// pointerTo is the place in an envelope's JSON that a rule of the CSV's names is about.
func pointerTo(field, message string) jsontext.Pointer {
	if field == "" {
		return ""
	}
	if m := signerField.FindStringSubmatch(field); m != nil {
		n, _ := strconv.Atoi(m[1])
		return jsontext.Pointer("/signers").AppendToken(strconv.Itoa(n - 1)).AppendToken(m[2])
	}
	if field == "document" {
		if m := documentNo.FindStringSubmatch(message); m != nil {
			n, _ := strconv.Atoi(m[1])
			return jsontext.Pointer("/documents").AppendToken(strconv.Itoa(n - 1))
		}
		return "/documents"
	}
	group, name, ok := strings.Cut(field, ".")
	switch {
	case !ok:
		return jsontext.Pointer("").AppendToken(field)
	case name == "NAME": // a rule about all of them
		name = ""
	}
	p := jsontext.Pointer("").AppendToken(group)
	switch {
	case group == "field":
		p = "/fields"
	case registry.Known(group):
		p = jsontext.Pointer("/options").AppendToken(group)
	}
	if name == "" {
		return p
	}
	return p.AppendToken(name)
}
