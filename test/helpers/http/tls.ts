import { connect, type TLSSocket } from "node:tls";

/** The key and the certificate of `localhost`, for tests only; both valid for a hundred years. */
export const CERTIFICATE = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgctuHIEHFFozR+0CZ
2BXcz8KMEzTKuPwdaUaBkdJDCfmhRANCAAQbiHdDghkKF42x8aAaZFTwittosoT+
aZR6Vn1F8KHFV6RRIw76gjMi1EnClB0YbTixFjpo7IhhHqtauMfmbL4N
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUHEwtELHXVaT0aQYSz4uktdkDBUowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNzEyMTQyOVoYDzIxMjYxMTAz
MTIxNDI5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQbiHdDghkKF42x8aAaZFTwittosoT+aZR6Vn1F8KHFV6RRIw76gjMi
1EnClB0YbTixFjpo7IhhHqtauMfmbL4No28wbTAdBgNVHQ4EFgQUPZ94dYyO4MiE
Ln8QJH1bCB1sP8swHwYDVR0jBBgwFoAUPZ94dYyO4MiELn8QJH1bCB1sP8swDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgZvi3qrB1pKnAryq0FyKntSdEgQ75JAKiXPEn7JBTHAgCIQD9
94vd2NJs+qmnGZkQ+gI9FwtjVfcbeEzEwnKWRgLHUw==
-----END CERTIFICATE-----
`,
};

/** Connects to a server that has this certificate. */
export function connectTls(port: number): TLSSocket {
  return connect({ port, host: "127.0.0.1", servername: "localhost", ca: CERTIFICATE.cert });
}
