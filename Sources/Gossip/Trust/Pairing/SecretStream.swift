import CSodium

/// Messages in one direction under one key (libsodium's secretstream, XChaCha20-Poly1305): none can be altered, left out or repeated.
enum SecretStream {
    static let keySize = Int(crypto_secretstream_xchacha20poly1305_KEYBYTES)
    private static let headerSize = Int(crypto_secretstream_xchacha20poly1305_HEADERBYTES)
    private static let overhead = Int(crypto_secretstream_xchacha20poly1305_ABYTES)

    /// The only message of its stream: header, then what only the key opens.
    static func seal(_ message: [UInt8], key: SecretBytes) -> [UInt8] {
        var state = crypto_secretstream_xchacha20poly1305_state()
        var header = [UInt8](repeating: 0, count: headerSize)
        var box = [UInt8](repeating: 0, count: message.count + overhead)
        let begun = key.withBytes { crypto_secretstream_xchacha20poly1305_init_push(&state, &header, $0) }
        let pushed = crypto_secretstream_xchacha20poly1305_push(
            &state, &box, nil, message, UInt64(message.count), nil, 0, UInt8(crypto_secretstream_xchacha20poly1305_TAG_FINAL))
        precondition(key.count == keySize && begun == 0 && pushed == 0, "secretstream refused valid sizes")
        return header + box
    }

    /// `nil` for anything but the one message of a stream under that key.
    static func open(_ bytes: [UInt8], key: SecretBytes) -> [UInt8]? {
        guard key.count == keySize, bytes.count >= headerSize + overhead else { return nil }
        var state = crypto_secretstream_xchacha20poly1305_state()
        let header = Array(bytes.prefix(headerSize))
        let box = Array(bytes.dropFirst(headerSize))
        guard key.withBytes({ crypto_secretstream_xchacha20poly1305_init_pull(&state, header, $0) }) == 0 else { return nil }
        var message = [UInt8](repeating: 0, count: box.count - overhead)
        var tag: UInt8 = 0
        guard crypto_secretstream_xchacha20poly1305_pull(&state, &message, nil, &tag, box, UInt64(box.count), nil, 0) == 0,
            tag == UInt8(crypto_secretstream_xchacha20poly1305_TAG_FINAL)
        else { return nil }
        return message
    }
}
