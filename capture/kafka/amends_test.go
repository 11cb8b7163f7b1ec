package kafka_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"twinspect.dev/capture/kafka"
)

func TestWhatIsPutRightIsFoundByTheNextAttempt(t *testing.T) {
	const mechanism = "SCRAM-SHA-256"
	cases := map[string]struct {
		says  string
		fault kfake.Fault
	}{
		"a topic": {"the topic does not exist", kfake.Fault{
			Keys: []kmsg.Key{kmsg.Metadata}, Topic: topic, Err: kerr.UnknownTopicOrPartition, Count: -1,
		}},
		"the right to describe": {"may not use the topic", kfake.Fault{
			Keys: []kmsg.Key{kmsg.Metadata}, Topic: topic, Err: kerr.TopicAuthorizationFailed, Count: -1,
		}},
		"the right to write": {"may not use the topic", kfake.Fault{
			Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.TopicAuthorizationFailed, Count: -1,
		}},
		"a password": {`the broker refuses user "ann"`, kfake.Fault{
			Keys: []kmsg.Key{kmsg.SASLAuthenticate}, TopLevel: true, Err: kerr.SaslAuthenticationFailed, Count: -1,
		}},
	}
	for name, of := range cases {
		t.Run(name, func(t *testing.T) {
			c, cfg := cluster(t, 1, kfake.EnableSASL(), kfake.Superuser(mechanism, "ann", "right"))
			cfg.SASL = &kafka.SASL{Mechanism: mechanism, User: "ann", Password: "right"}
			wrong := c.Fault(of.fault)
			p, err := kafka.NewProducer(cfg, kafka.ProducerOptions{})
			require.NoError(t, err)
			defer func() { require.NoError(t, p.Close()) }()
			for range 2 {
				errs := p.Produce(t.Context(), recording(1, 1))
				require.Len(t, errs, 1)
				require.ErrorContains(t, errs[0], of.says)
			}
			wrong.Remove()
			require.Nil(t, p.Produce(t.Context(), recording(1, 1)))
		})
	}
}
