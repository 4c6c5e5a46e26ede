// swift-tools-version: 6.2
import PackageDescription

/// Rules for our own targets: Swift 6 language mode comes with the tools version; a warning stops the build.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Frames and signatures are too slow without the optimizer, so these targets use it in debug builds too.
let hot: [SwiftSetting] = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let package = Package(
    name: "MeshCam",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "meshcam", targets: ["MeshCam"]),
        .executable(name: "meshcam-directory", targets: ["meshcam-directory"]),
        .executable(name: "meshcam-smb", targets: ["meshcam-smb"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.20.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // The program: commands, settings, wiring. The only target that knows every module.
        .executableTarget(
            name: "MeshCam",
            dependencies: [
                "CArchive", "CNamespace", "CQREncode", "CTimex", "Gossip", "Media", "Simulation", "Storage",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "TOMLKit", package: "TOMLKit"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            resources: [.copy("Dashboard")],
            swiftSettings: strict),

        // Who is there, whom we trust, what they say.
        .target(
            name: "Gossip",
            dependencies: [
                "CAvahi", "CSodium",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            exclude: ["Wire/mesh.proto", "Wire/pairing.proto", "Wire/records.proto"],
            swiftSettings: hot),

        // From light and sound to access units, and from access units to eyes and ears.
        .target(
            name: "Media",
            dependencies: [
                "CAV", "CDatagrams", "COpenSSL", "CSRTP", "CV4L2",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: hot),

        // From fragments to footage that survives.
        .target(
            name: "Storage",
            dependencies: [
                "CSandbox", "Gossip",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["Wire/target.proto"],
            swiftSettings: strict),

        // A node's child processes, one for each storage target. That for SMB links libsmbclient, which is under the GPL.
        .executableTarget(name: "meshcam-directory", dependencies: ["Storage"], path: "Sources/TargetDirectory", swiftSettings: strict),
        .executableTarget(name: "meshcam-smb", dependencies: ["CSMBClient", "Storage"], path: "Sources/TargetSMB", swiftSettings: strict),

        // Whole meshes in virtual time, with every fault that a seed can draw.
        .target(
            name: "Simulation",
            dependencies: [
                "Gossip",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: hot),
        .executableTarget(
            name: "simulate",
            dependencies: ["Simulation", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Sources/Simulate", swiftSettings: strict),

        .systemLibrary(name: "CArchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CAV", providers: [.apt(["libavformat-dev", "libavcodec-dev", "libswscale-dev", "libswresample-dev"])]),
        .systemLibrary(name: "CAvahi", providers: [.apt(["libavahi-client-dev"])]),
        .systemLibrary(name: "CDatagrams"),
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CQREncode", providers: [.apt(["libqrencode-dev"])]),
        .systemLibrary(name: "CSandbox"),
        .systemLibrary(name: "CSMBClient", pkgConfig: "smbclient", providers: [.apt(["libsmbclient-dev"])]),
        .systemLibrary(name: "CSodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CSRTP", providers: [.apt(["libsrtp2-dev"])]),
        .systemLibrary(name: "CTimex"),
        .systemLibrary(name: "CNamespace"),
        .systemLibrary(name: "CV4L2", providers: [.apt(["libv4l-dev"])]),

        // What all tests share: they wait with a bound, and start programs that Foundation would wait for without one.
        .target(name: "TestSupport", path: "Tests/Support", swiftSettings: strict),
        .testTarget(name: "GossipTests", dependencies: ["Gossip", "Simulation", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "MediaTests", dependencies: ["Media", "TestSupport"], exclude: ["Corpus"], swiftSettings: strict),
        .testTarget(name: "SimulationTests", dependencies: ["Simulation", "Gossip", "TestSupport", "simulate"], swiftSettings: strict),
        .testTarget(name: "StorageTests", dependencies: ["Storage", "Gossip", "TestSupport", "meshcam-directory", "meshcam-smb"], swiftSettings: strict),
        .testTarget(
            name: "MeshCamTests",
            dependencies: [
                "MeshCam", "Gossip", "Media", "Storage", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict),
    ]
)
