package program

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"
)

// reloadOnHangup has the secrets and trusted documents read again whenever SIGHUP comes, until ctx ends or the
// function it returns is called.
func reloadOnHangup(ctx context.Context, c *config, s *service, logger zerolog.Logger) (stop func()) {
	s.metrics.Reloaded(nil)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
			}
			notify(logger, daemon.SdNotifyReloading)
			err := reload(c, s)
			if s.metrics.Reloaded(err); err != nil {
				logger.Error().Msg(oneLine(fmt.Errorf("not reloaded, what was read before stays: %w", err)).Error())
			} else {
				logger.Info().Msg("reloaded: secrets and trusted documents are those of their files")
			}
			notify(logger, daemon.SdNotifyReady)
		}
	})
	return func() {
		signal.Stop(hangups)
		cancel()
		running.Wait()
	}
}

// reload takes the secrets and the trusted documents that are in their files now: all of them, or after an error
// none.
//
// It reads all settings again. Flags and variables are the same as long as the process lives, so nothing else can
// have changed. And since no file of a secret may be empty, none is turned on or off.
func reload(c *config, s *service) error {
	now, err := c.reread()
	if err != nil {
		return err
	}
	trusted, err := now.trustedDocuments()
	if err != nil {
		return err
	}
	if now.Redis != c.Redis { // it may fail; what follows was checked with the settings
		key, _ := now.redisKey()
		if err := s.redis.Swap(now.Redis.URL.Reveal(), key); err != nil {
			return fmt.Errorf("--redis-url or --redis-encryption-key: [redacted] can't be used: %w", err)
		}
		c.Redis = now.Redis
	}
	if err := s.handler.Reload(now.access(), now.Access.RouterSecret, trusted); err != nil {
		return err
	}
	s.endpoint.SetToken(now.Upstream.Token)
	s.clients.set(now, s.metrics)
	s.metrics.NameOperations(trusted.Names())
	return nil
}
