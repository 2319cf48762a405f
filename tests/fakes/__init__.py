"""SLS, STS and OSS in memory, in the manner of moto: they keep state and refuse what the services refuse.

They stand behind one seam, `shared.network.client.HttpClient.exchange`, so a unit test needs no socket. The
rules are those of the stand-ins in `local/`, which are shown right by the official SDKs.
"""
