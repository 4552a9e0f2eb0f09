package curve

// slot is one of the four keys: where it is in Keys and how it is called outside.
type slot struct {
	what     string // in a sentence
	variable string // of the environment, as Zeek from 8.2 on reads it (spec: wire 4.3)
	file     string // in a directory of keys, as ZeekControl names it (spec: zeekctl 6)
	secret   bool
	text     func(Keys) string // Z85, "" for no key
	set      func(*Keys, string) error
}

const variablePrefix = "ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_"

var (
	serverPublic = &slot{
		"server's public key", variablePrefix + "SERVER_PUBLICKEY", "server_publickey", false,
		func(k Keys) string { return textOf(k.ServerPublic) },
		func(k *Keys, z85 string) (err error) { k.ServerPublic, err = ParsePublicKey(z85); return err },
	}
	serverSecret = &slot{
		"server's secret key", variablePrefix + "SERVER_SECRETKEY", "server_secretkey", true,
		func(k Keys) string { return k.ServerSecret.Z85() },
		func(k *Keys, z85 string) (err error) { k.ServerSecret, err = ParseSecretKey(z85); return err },
	}
	clientPublic = &slot{
		"client's public key", variablePrefix + "CLIENT_PUBLICKEY", "client_publickey", false,
		func(k Keys) string { return textOf(k.ClientPublic) },
		func(k *Keys, z85 string) (err error) { k.ClientPublic, err = ParsePublicKey(z85); return err },
	}
	clientSecret = &slot{
		"client's secret key", variablePrefix + "CLIENT_SECRETKEY", "client_secretkey", true,
		func(k Keys) string { return k.ClientSecret.Z85() },
		func(k *Keys, z85 string) (err error) { k.ClientSecret, err = ParseSecretKey(z85); return err },
	}
	slots = []*slot{serverPublic, serverSecret, clientPublic, clientSecret}
)

func textOf(k PublicKey) string {
	if k.IsZero() {
		return ""
	}
	return k.String()
}
