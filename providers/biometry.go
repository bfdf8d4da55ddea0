package providers

import (
	"encoding/json"
	"strconv"
)

// Biometry is what a service has found out about the person who signed. A block is nil
// where the service has not looked.
type Biometry struct {
	FaceValidated *bool    `json:"face_validated,omitempty"`   // a face was found and validated
	FraudBase     *bool    `json:"fraud_base_flag,omitempty"`  // the face is in the service's fraud base
	FaceScore     *float64 `json:"face_score,omitempty"`       // of the validated face
	Liveness      string   `json:"liveness,omitempty"`         // live or spoof
	FaceMatch     *float64 `json:"face_match_score,omitempty"` // of the face beside that on the identity paper
}

// SignerEvidence is one signer's part of an envelope's evidence.
type SignerEvidence struct {
	Signer   int // from 0, as the envelope has them
	Biometry Biometry
	Odd      []string // what of it the user wants to be told of, in a rule's words
}

// ReadEvidence reads evidence: a list of items, each with the signer's number from 1 as its id,
// the service's own blocks, and what was found odd about them. What it does not know it
// passes over.
func ReadEvidence(evidence json.RawMessage) []SignerEvidence {
	var items []json.RawMessage
	if json.Unmarshal(evidence, &items) != nil {
		return nil
	}
	var all []SignerEvidence
	for _, raw := range items {
		var who struct {
			ID  string   `json:"id"`
			Odd []string `json:"odd"`
		}
		if json.Unmarshal(raw, &who) != nil {
			continue
		}
		if n, err := strconv.Atoi(who.ID); err == nil && n > 0 {
			all = append(all, SignerEvidence{n - 1, biometryOf(raw), who.Odd})
		}
	}
	return all
}

// biometryOf reads each block by itself, so that one of another form hides no other.
func biometryOf(raw json.RawMessage) (b Biometry) {
	var blocks struct {
		Biometry json.RawMessage `json:"biometry"`
		Liveness json.RawMessage `json:"liveness"`
		Document json.RawMessage `json:"document"`
	}
	_ = json.Unmarshal(raw, &blocks) // it is an object
	var face struct {
		Available *bool    `json:"face_validation_available"`
		Fraud     *bool    `json:"fraud_base_flag"`
		Score     *float64 `json:"face_validation_score"`
	}
	if json.Unmarshal(blocks.Biometry, &face) == nil {
		b.FaceValidated, b.FraudBase, b.FaceScore = face.Available, face.Fraud, face.Score
	}
	var alive struct {
		Result string `json:"result"`
	}
	if json.Unmarshal(blocks.Liveness, &alive) == nil {
		b.Liveness = CleanExplanation(alive.Result)
	}
	var paper struct {
		Match *float64 `json:"face_match_score"`
	}
	if json.Unmarshal(blocks.Document, &paper) == nil {
		b.FaceMatch = paper.Match
	}
	return b
}
