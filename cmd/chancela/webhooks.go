package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
)

func newWebhooks(sys *system) *cobra.Command {
	var subscribe bool
	var remove string
	cmd := &cobra.Command{
		Use:   "webhooks PROVIDER",
		Short: "List, make or remove webhook subscriptions at a provider",
		Long: `Webhooks shows the subscriptions that a provider has for the account. --subscribe makes one for
CHANCELA_<PROVIDER>_WEBHOOK_URL and prints its secret, which is shown only once: it belongs into
CHANCELA_<PROVIDER>_WEBHOOK_SECRET of every serve. Of the five, Certyneo lets a program do this;
the others are set up in their own portal or by their support.`,
		Example: `  chancela webhooks certyneo
  chancela webhooks certyneo --subscribe
  chancela webhooks certyneo --remove whk_123`,
		GroupID: groupServe,
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return sys.webhooks(cmd.Context(), args[0], subscribe, remove)
		},
		ValidArgs: registry.Names(),
	}
	cmd.Flags().BoolVar(&subscribe, "subscribe", false, "make a subscription for CHANCELA_<PROVIDER>_WEBHOOK_URL")
	cmd.Flags().StringVar(&remove, "remove", "", "remove the subscription with this id")
	cmd.MarkFlagsMutuallyExclusive("subscribe", "remove")
	return cmd
}

func (s *system) webhooks(ctx context.Context, name string, subscribe bool, remove string) error {
	if !registry.Known(name) {
		return usage("%q is not one of %s", name, strings.Join(registry.Names(), ", "))
	}
	cfg, err := loadConfig(s.env)
	if err != nil {
		return err
	}
	if !cfg.hasKey(name) {
		return usage("webhooks needs %s", variable(name, "API_KEY"))
	}
	p, err := newProvider(name, cfg.providerSettings(name)) // one call by hand, without a turn
	if err != nil {
		return err
	}
	at, ok := p.(providers.Subscriber)
	if !ok {
		return usage("%s lets no program subscribe to webhooks: see its portal or support", name)
	}
	switch {
	case subscribe:
		address := string(cfg.account(name).WebhookURL)
		if address == "" {
			return usage("--subscribe needs %s: the public address of chancela serve, such as https://host/webhooks/%s", variable(name, "WEBHOOK_URL"), name)
		}
		id, secret, err := at.Subscribe(ctx, address)
		if err != nil {
			return err
		}
		where := variable(name, "WEBHOOK_SECRET")
		s.come(map[string]any{"id": id, "variable": where, "secret": secret}, lang.Plain(fmt.Sprintf("%s\n%s=%s", id, where, secret)))
		return nil
	case remove != "":
		err := at.Unsubscribe(ctx, remove)
		if err == nil {
			s.come(map[string]any{"removed": remove}, lang.Text{})
		}
		return err
	}
	all, err := at.Subscriptions(ctx)
	if err != nil {
		return err
	}
	for _, sub := range all {
		s.tell("subscription", map[string]any{"id": sub.ID, "url": sub.URL, "events": sub.Events},
			lang.Of("%s %s %s", sub.ID, sub.URL, strings.Join(sub.Events, ",")))
	}
	s.come(map[string]any{"subscriptions": len(all)}, lang.Text{})
	return nil
}
