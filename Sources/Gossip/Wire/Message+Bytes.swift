import Foundation
import SwiftProtobuf

extension Message {
    /// The wire form. Proto3 messages without `Any` always have one.
    var wireBytes: [UInt8] { (try? serializedBytes()) ?? [] }

    /// Reads bytes of unknown origin: `nil` for anything that is not such a message.
    init?(untrusted bytes: some Collection<UInt8>) {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = 10
        guard let message = try? Self(serializedBytes: Array(bytes), options: options) else { return nil }
        self = message
    }
}

extension WireSigned {
    init(body: [UInt8], signature: [UInt8], signer: [UInt8]) {
        self.init()
        self.body = Data(body)
        self.signature = Data(signature)
        self.signer = Data(signer)
    }
}
