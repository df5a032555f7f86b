// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title What a certification authority states of one X.509 certificate (R-ID-6); signed as EIP-712 typed data.
/// @dev Type: `Attestation(bytes32 fingerprint,address account,address key,uint40 notBefore,uint40 notAfter,bytes32 domains)`.
///      Domain: name "Carbon Certificates", version "1", the chain, the proxy of the CertificateRegistry.
struct Attestation {
    bytes32 fingerprint; // SHA-256 of the certificate in DER
    address account; // whose certificate it is; known before it is opened, see `IStakeholderRegistry.accountOf`
    address key; // of the representative, who signs the possession of it
    uint40 notBefore; // Unix seconds
    uint40 notAfter; // Unix seconds; from then on the certificate is worth nothing
    bytes32 domains; // digest of the source domains that the certificate permits; zero: none
}
