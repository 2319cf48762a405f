"""SLS, STS and OSS in memory, like moto: they keep state and refuse what the services refuse.

They replace one method, `shared.network.client.HttpClient.exchange`, so a unit test needs no socket. The
rules are those of the stand-ins in `local/`, which are tested with the official SDKs.
"""
