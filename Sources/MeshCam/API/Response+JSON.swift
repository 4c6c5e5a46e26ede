import Foundation
import HTTPTypes
import Hummingbird

extension Response {
    /// A resource as JSON. Never stored by caches: what a camera system says is true now.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try JSONCoding.encoder.encode(value))))
    }
}

extension Response {
    /// 429, with the time to wait in its own field, too.
    static func later(_ wait: Duration, _ title: String, _ detail: String) -> Response {
        let seconds = Int((wait / .seconds(1)).rounded(.up))
        var response = ProblemDetails(title: title, status: 429, detail: detail, cure: "Try again in \(seconds) s.").response
        response.headers[.retryAfter] = "\(seconds)"
        return response
    }
}

extension [UInt8] {
    var hexText: String {
        map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    init?(hex text: String) {
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
        self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0]! << 4 | digits[$0 + 1]!) }
    }
}

/// Dates of HTTP fields (RFC 9110 §5.6.7).
enum HTTPDate {
    static func format(_ date: Date) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.string(from: date)
    }
}
