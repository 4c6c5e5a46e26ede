import ArgumentParser
import AsyncHTTPClient
import Hummingbird
import HummingbirdTLS
import TOMLKit
@main struct MeshCam: AsyncParsableCommand {
    mutating func run() async throws { print("hi") }
}
