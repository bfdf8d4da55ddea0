package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/chancela/chancela/jobs"
)

// DryRun is the wish to be told what an operation would do.
type DryRun struct {
	Wish string `query:"dry_run" enum:"true,false" doc:"true: nothing is changed; the answer says what would be done, and what not."`
}

func (d DryRun) dry() (bool, error) {
	switch d.Wish {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	}
	return false, problem(http.StatusBadRequest, "dry_run must be true or false")
}

// campaignAsked is what is asked beside the body of an operation on a campaign.
type campaignAsked struct {
	CampaignPath
	DryRun
}

// EnvelopeAsked is the same for one envelope, and remindAsked for its reminder.
type EnvelopeAsked struct {
	EnvelopePath
	DryRun
}

type remindAsked struct {
	EnvelopeAsked
	Signer string `query:"signer" pattern:"^[0-9]+$" doc:"Only this signer, by the number from 1, where the provider can."`
}

// envelopeAsk is what was asked.
type envelopeAsk struct {
	path   EnvelopePath
	dry    bool
	signer int // 0: all
}

func (in *EnvelopeAsked) ask() (envelopeAsk, error) {
	dry, err := in.dry()
	return envelopeAsk{path: in.EnvelopePath, dry: dry}, err
}

func (in *remindAsked) ask() (envelopeAsk, error) {
	a, err := in.EnvelopeAsked.ask()
	if err != nil || in.Signer == "" {
		return a, err
	}
	if a.signer, err = strconv.Atoi(in.Signer); err != nil || a.signer < 1 {
		return a, problem(http.StatusBadRequest, "signer must be the number of a signer, from 1")
	}
	return a, nil
}

// remindOne reminds one signer of an envelope, or all as others says.
func (s *Server) remindOne(others func(context.Context, jobs.Key, envelopeAsk) error) func(context.Context, jobs.Key, envelopeAsk) error {
	return func(ctx context.Context, key jobs.Key, ask envelopeAsk) (err error) {
		switch {
		case ask.signer == 0:
			return others(ctx, key, ask)
		case ask.dry:
			_, err = s.client.WouldRemindSigner(ctx, key.Campaign, key.ID, ask.signer)
		default:
			_, err = s.client.RemindSigner(ctx, key.Campaign, key.ID, ask.signer)
		}
		return err
	}
}

// unlessBroken is nil for an error that only says what was refused.
func unlessBroken(err error) error {
	if _, refused := errors.AsType[*jobs.RefusedError](err); refused {
		return nil
	}
	return err
}
