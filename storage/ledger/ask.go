package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// A question is asked by a process that calls no provider and answered by a worker. It
// stands in Redis for as long as somebody waits for the answer.

func askKey(token string) string    { return prefix + "ask:" + token }
func answerKey(token string) string { return prefix + "answer:" + token }

// Ask puts a question for a worker, for so long. The token names it.
func (l *Ledger) Ask(ctx context.Context, question string, within time.Duration) (token string, err error) {
	token = rand.Text()
	if err := l.db.Set(ctx, askKey(token), question, within).Err(); err != nil {
		return "", fmt.Errorf("ledger: asking a worker: %w", err)
	}
	return token, nil
}

// Question reads what was asked; false when nobody waits for the answer any more.
func (l *Ledger) Question(ctx context.Context, token string) (string, bool, error) {
	q, err := l.db.Get(ctx, askKey(token)).Result()
	if errors.Is(err, redis.Nil) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("ledger: reading a question: %w", err)
	}
	return q, true, nil
}

// Answer answers a question.
func (l *Ledger) Answer(ctx context.Context, token, answer string) error {
	_, err := l.db.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.RPush(ctx, answerKey(token), answer)
		p.Expire(ctx, answerKey(token), time.Minute)
		return nil
	})
	if err != nil {
		return fmt.Errorf("ledger: answering a question: %w", err)
	}
	return nil
}

// Await waits for the answer to a question; false when none has come in time.
func (l *Ledger) Await(ctx context.Context, token string, within time.Duration) (string, bool, error) {
	got, err := l.db.BLPop(ctx, within, answerKey(token)).Result()
	if errors.Is(err, redis.Nil) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("ledger: waiting for a worker's answer: %w", err)
	}
	return got[1], true, nil
}
