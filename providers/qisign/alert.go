package qisign

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

// setAlert is the variable with the rule.
const setAlert = "ALERT"

// Own are the settings that only QI Sign has.
var Own = []rest.Setting{{Name: setAlert}}

// condition is one part of the rule by which an envelope is marked as odd.
type condition struct {
	words string // as the user wrote it
	met   func(providers.Biometry) bool
}

// flags are the conditions of one word, scores those of a word, < or >, and a number
// (reference §A7).
var (
	flags = map[string]func(providers.Biometry) bool{
		"fraud_base_flag": func(b providers.Biometry) bool { return b.FraudBase != nil && *b.FraudBase },
		"spoof":           func(b providers.Biometry) bool { return b.Liveness == "spoof" },
		"no_face":         func(b providers.Biometry) bool { return b.FaceValidated != nil && !*b.FaceValidated },
	}
	scores = map[string]func(providers.Biometry) *float64{
		"face_match":      func(b providers.Biometry) *float64 { return b.FaceMatch },
		"face_validation": func(b providers.Biometry) *float64 { return b.FaceScore },
	}
)

// parseAlert reads a rule such as "fraud_base_flag,spoof,face_match<60": any condition that
// is met marks the envelope. What was not looked at meets none.
func parseAlert(s string) ([]condition, error) {
	var all []condition
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	at := 1
	for part := range strings.SplitSeq(s, ",") {
		words := strings.Join(strings.Fields(part), "")
		c, err := parseCondition(words)
		if err != nil {
			return nil, fmt.Errorf("CHANCELA_QISIGN_ALERT: at character %d: %w", at+len(part)-len(strings.TrimLeft(part, " ")), err)
		}
		all = append(all, c)
		at += len([]rune(part)) + 1
	}
	return all, nil
}

func parseCondition(words string) (condition, error) {
	if met, ok := flags[words]; ok {
		return condition{words, met}, nil
	}
	i := strings.IndexAny(words, "<>")
	if i < 0 {
		return condition{}, fmt.Errorf("%q is none of fraud_base_flag, spoof, no_face, face_match<NUMBER, face_validation<NUMBER", words)
	}
	score, ok := scores[words[:i]]
	limit, err := strconv.ParseFloat(words[i+1:], 64)
	switch {
	case !ok:
		return condition{}, fmt.Errorf("%q is no score: want face_match or face_validation", words[:i])
	case err != nil || limit != limit || limit < -1e6 || limit > 1e6:
		return condition{}, fmt.Errorf("%q is not a number to compare %s with", words[i+1:], words[:i])
	}
	below := words[i] == '<'
	return condition{words, func(b providers.Biometry) bool {
		n := score(b)
		return n != nil && (below && *n < limit || !below && *n > limit)
	}}, nil
}

// odd are the conditions that a signer's evidence meets.
func (p *Provider) odd(b providers.Biometry) []string {
	var met []string
	for _, c := range p.alert {
		if c.met(b) {
			met = append(met, c.words)
		}
	}
	return met
}
